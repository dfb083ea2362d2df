/** Everything needed to log in to a node, settled. */
export interface Target {
  /** as named in the program */
  name: string;
  user: string;
  host: string;
  port: number;
  /** where `host` comes from, for people */
  hostFrom: string;
  /** for each stage: reaching, greeting to login, a jump host's forward */
  connectTimeoutSeconds: number;
  /** ask for a sign of life this often while a command runs, 0: never; give up when that many went unanswered */
  keepalive: { seconds: number; unanswered: number };
  family?: 4 | 6;
  localAddress?: string;
  login: LoginMeans;
  trust: Trust;
  /** run commands through `sudo -n` */
  sudo: boolean;
  /** the host to go through */
  via?: Target;
  /** the program to go through */
  proxy?: Proxy;
}

/** A ProxyCommand, with its tokens filled in. */
export interface Proxy {
  command: string;
  /** the shell that runs it */
  shell: string;
  /** file:line, for people */
  where: string;
}

/** The methods of logging in that are known, by their names in SSH's protocol. */
export type AuthMethod = "publickey" | "keyboard-interactive" | "password";

/** What may let us in. */
export interface LoginMeans {
  /** text of a key from the settings */
  privateKey?: string;
  /** of the settings: tried before the agent */
  firstKeyFile?: string;
  keyFiles: string[];
  /** the files are ssh's defaults, whose absence means nothing */
  defaultKeyFiles: boolean;
  /** none: those beside the key files are */
  certificateFiles: string[];
  passphrase?: string;
  /** the agent's socket */
  agent?: string;
  /** ask the agent only for keys that the files name */
  identitiesOnly: boolean;
  password?: string;
  /** what may be tried, in this order */
  methods: AuthMethod[];
  /** what the configuration takes out of them, and where */
  forbidden: { kind: AuthMethod; where: string }[];
  /** PubkeyAcceptedAlgorithms */
  algorithms?: { text: string; where: string };
  /** shorter RSA keys aren't used */
  rsaBits: number;
  /** methods that ssh would try and we don't; said when the server takes them and nothing else has let us in */
  untried: { method: string; note: string }[];
}

/** What makes a host key acceptable. */
export interface Trust {
  /** under what the host is listed: HostKeyAlias, or undefined for host and port */
  alias?: string;
  pinned?: string[];
  files: string[];
  revokedFile?: string;
  /** what to ask for, the preferred first */
  algorithms: string[];
  /** shorter RSA keys are refused */
  rsaBits: number;
  /** directives that would take a key unseen and aren't followed; said when a key is refused */
  notes: string[];
}
