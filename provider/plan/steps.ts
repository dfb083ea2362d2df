/** One question to a node. Questions that are asked in the same moment travel together. */
export type Request =
  | { ask: "file"; path: string }
  /** every file that matches the shell pattern, with its content */
  | { ask: "files"; pattern: string }
  /** every path that matches the shell pattern */
  | { ask: "paths"; pattern: string }
  /** the version of a Debian package */
  | { ask: "package"; name: string }
  /** the containers whose configuration names the profile, and the processes that run under it */
  | { ask: "users"; profile: string }
  /** the running container: its first process, the label and the maps of that (`parseLive`) */
  | { ask: "live"; vmid: number }
  /** whose the root file system of a stopped container is, where it is a directory of the node */
  | { ask: "owner"; vmid: number };

/** What a node answered; text is latin1, so that every byte survives. */
export interface Answers {
  /** whether the question was among those asked; the others can't be answered */
  asked(request: Request): boolean;
  /** undefined when it is not there */
  file(path: string): string | undefined;
  files(pattern: string): Record<string, string>;
  paths(pattern: string): string[];
  package(name: string): string | undefined;
  /** empty where the container doesn't run */
  live(vmid: number): string;
  /** `uid gid`; empty where that can't be told */
  owner(vmid: number): string;
}

/** One step of a transaction on a node, as plain data. Content is latin1. */
export type Step =
  | { do: "lock"; path: string }
  /** refuses when the file is not what it was when the plan was made; undefined stands for no file */
  | { do: "file"; path: string; before: string | undefined; after: string | undefined }
  /** the text that the last `file` step writes must compile and declare exactly this profile */
  | { do: "check"; profile: string }
  | { do: "load"; profile: string; path: string }
  | { do: "unload"; profile: string; path: string }
  /** refuses while a container names the profile or a process runs under it */
  | { do: "unused"; profile: string }
  /** refuses while the kernel doesn't have the profile */
  | { do: "loaded"; profile: string }
  /** shuts the container down, by force after so many seconds */
  | { do: "stop"; vmid: number; seconds: number }
  | Restart;

/**
 * Restarts the container, and waits until it runs as it should. If it doesn't, the files are put back, and it is started
 * again with what it had. Must be the last step.
 */
export interface Restart {
  do: "restart";
  vmid: number;
  /** for shutting down, and again for coming up */
  seconds: number;
  /** whether one that does not run is started */
  start: boolean;
  /** the AppArmor label that it must have then */
  label?: string;
  /** the ids that it must have then, as lines `u 0 100000 65536` */
  map?: string;
  /** a profile that was changed in the same update, and goes back with the files */
  revert?: { path: string; before: string; after: string; profile: string };
}

/** Whether there is anything to do: locks and checks alone change nothing. */
export const changesSomething = (steps: readonly Step[]): boolean =>
  steps.some((step) => ["load", "unload", "stop", "restart"].includes(step.do) || (step.do === "file" && step.before !== step.after));

/** Is on a node while a container is stopped that we have stopped, and that is to run again. */
export const stoppedMark = (vmid: number): string => `/var/lib/pve-posture/stopped-${vmid}`;

/** Are on a node while transactions of ours are under way there, and after they were interrupted. */
export const transactions: Request & { ask: "paths" } = { ask: "paths", pattern: "/var/lib/pve-posture/transaction-*" };

/** Our own lock of `/etc/subuid` and `/etc/subgid`, which belong to no container. */
export const subidsLock: Step & { do: "lock" } = { do: "lock", path: "/run/lock/pve-posture.lock" };

/** Our own lock of a profile, as AppArmor has none; a file's name has an end, and two long ones may share theirs. */
export const profileLock = (name: string): Step => ({ do: "lock", path: `/run/lock/pve-posture-profile-${name.slice(0, 200)}.lock` });

/** Our own lock of a container, for what takes longer than Proxmox VE's lock can be held: its programs take that themselves. */
export const containerLock = (vmid: number): Step => ({ do: "lock", path: `/run/lock/pve-posture-${vmid}.lock` });
