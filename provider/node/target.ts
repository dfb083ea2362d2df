/** Everything needed to log in to a node, settled. */
export interface Target {
  /** as named in the program */
  name: string;
  user: string;
  host: string;
  port: number;
  /** where `host` comes from, for people */
  hostFrom: string;
  connectTimeoutSeconds: number;
  family?: 4 | 6;
  localAddress?: string;
  login: LoginMeans;
  trust: Trust;
  /** run commands through `sudo -n` */
  sudo: boolean;
  /** the host to go through */
  via?: Target;
}

/** What may let us in. */
export interface LoginMeans {
  /** text of a key from the settings */
  privateKey?: string;
  /** of the settings: tried before the agent */
  firstKeyFile?: string;
  keyFiles: string[];
  /** the files are ssh's defaults, whose absence means nothing */
  defaultKeyFiles: boolean;
  passphrase?: string;
  /** the agent's socket */
  agent?: string;
  /** ask the agent only for keys that the files name */
  identitiesOnly: boolean;
  password?: string;
  /** what of ssh_config can't be used here; said when logging in fails */
  notes: string[];
}

/** What makes a host key acceptable. */
export interface Trust {
  /** under what the host is listed: HostKeyAlias, or undefined for host and port */
  alias?: string;
  pinned?: string[];
  files: string[];
  revokedFile?: string;
}
