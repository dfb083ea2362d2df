/** The flags of mount(2) by the name of their bit in lower case. */
export const mountFlags = {
  rdonly: 1 << 0, nosuid: 1 << 1, nodev: 1 << 2, noexec: 1 << 3, synchronous: 1 << 4, remount: 1 << 5, mandlock: 1 << 6,
  dirsync: 1 << 7, nosymfollow: 1 << 8, noatime: 1 << 10, nodiratime: 1 << 11, bind: 1 << 12, move: 1 << 13, rec: 1 << 14,
  silent: 1 << 15, posixacl: 1 << 16, unbindable: 1 << 17, private: 1 << 18, slave: 1 << 19, shared: 1 << 20, relatime: 1 << 21,
  iversion: 1 << 23, strictatime: 1 << 24, lazytime: 1 << 25, nouser: 2 ** 31,
} as const;

export type MountFlag = keyof typeof mountFlags;

/** What an option does: bits it demands, bits it demands to be absent. Neither: the option says nothing (`norelatime`). */
export interface MountOptionMeaning {
  set: readonly MountFlag[];
  clear: readonly MountFlag[];
  /** the usual spelling, when this is another */
  alias?: string;
  /** the option that means the opposite */
  inverse?: string;
}

const set = (flags: MountFlag[], more: { alias?: string; inverse?: string } = {}): MountOptionMeaning => ({ set: flags, clear: [], ...more });
const clear = (flags: MountFlag[], more: { alias?: string; inverse?: string } = {}): MountOptionMeaning => ({ set: [], clear: flags, ...more });

/** Every option that `options=` takes (apparmor.d(5), MOUNT FLAGS, and what the compiler takes beyond it). */
export const mountOptions = {
  ro: set(["rdonly"], { inverse: "rw" }),
  r: set(["rdonly"], { alias: "ro", inverse: "rw" }),
  "read-only": set(["rdonly"], { alias: "ro", inverse: "rw" }),
  rw: clear(["rdonly"], { inverse: "ro" }),
  w: clear(["rdonly"], { alias: "rw", inverse: "ro" }),
  suid: clear(["nosuid"], { inverse: "nosuid" }),
  nosuid: set(["nosuid"], { inverse: "suid" }),
  dev: clear(["nodev"], { inverse: "nodev" }),
  nodev: set(["nodev"], { inverse: "dev" }),
  exec: clear(["noexec"], { inverse: "noexec" }),
  noexec: set(["noexec"], { inverse: "exec" }),
  sync: set(["synchronous"], { inverse: "async" }),
  async: clear(["synchronous"], { inverse: "sync" }),
  remount: set(["remount"]),
  mand: set(["mandlock"], { inverse: "nomand" }),
  nomand: clear(["mandlock"], { inverse: "mand" }),
  dirsync: set(["dirsync"]),
  symfollow: clear(["nosymfollow"], { inverse: "nosymfollow" }),
  nosymfollow: set(["nosymfollow"], { inverse: "symfollow" }),
  atime: clear(["noatime"], { inverse: "noatime" }),
  noatime: set(["noatime"], { inverse: "atime" }),
  diratime: clear(["nodiratime"], { inverse: "nodiratime" }),
  nodiratime: set(["nodiratime"], { inverse: "diratime" }),
  bind: set(["bind"]),
  B: set(["bind"], { alias: "bind" }),
  move: set(["move"]),
  M: set(["move"], { alias: "move" }),
  rbind: set(["bind", "rec"]),
  R: set(["bind", "rec"], { alias: "rbind" }),
  verbose: set(["silent"], { alias: "silent", inverse: "loud" }),
  silent: set(["silent"], { inverse: "loud" }),
  loud: clear(["silent"], { inverse: "silent" }),
  acl: set(["posixacl"], { inverse: "noacl" }),
  noacl: clear(["posixacl"], { inverse: "acl" }),
  unbindable: set(["unbindable"]),
  "make-unbindable": set(["unbindable"], { alias: "unbindable" }),
  runbindable: set(["unbindable", "rec"]),
  "make-runbindable": set(["unbindable", "rec"], { alias: "runbindable" }),
  private: set(["private"]),
  "make-private": set(["private"], { alias: "private" }),
  rprivate: set(["private", "rec"]),
  "make-rprivate": set(["private", "rec"], { alias: "rprivate" }),
  slave: set(["slave"]),
  "make-slave": set(["slave"], { alias: "slave" }),
  rslave: set(["slave", "rec"]),
  "make-rslave": set(["slave", "rec"], { alias: "rslave" }),
  shared: set(["shared"]),
  "make-shared": set(["shared"], { alias: "shared" }),
  rshared: set(["shared", "rec"]),
  "make-rshared": set(["shared", "rec"], { alias: "rshared" }),
  relatime: set(["relatime"], { inverse: "norelatime" }),
  // the compiler's norelatime demands no bit at all
  norelatime: clear([], { inverse: "relatime" }),
  iversion: set(["iversion"], { inverse: "noiversion" }),
  noiversion: clear(["iversion"], { inverse: "iversion" }),
  strictatime: set(["strictatime"], { inverse: "nostrictatime" }),
  nostrictatime: clear(["strictatime"], { inverse: "strictatime" }),
  lazytime: set(["lazytime"], { inverse: "nolazytime" }),
  nolazytime: clear(["lazytime"], { inverse: "lazytime" }),
  user: clear(["nouser"], { inverse: "nouser" }),
  nouser: set(["nouser"], { inverse: "user" }),
} satisfies Record<string, MountOptionMeaning>;

export type MountOption = keyof typeof mountOptions;

/** What an option means; undefined when there is no such option. */
export function mountOption(name: string): MountOptionMeaning | undefined {
  return Object.hasOwn(mountOptions, name) ? mountOptions[name as MountOption] : undefined;
}

/** The conditions of mount, remount and umount rules, and what each means. */
export const mountConditions = { options: "options", option: "options", fstype: "fstype", vfstype: "fstype" } as const;

export type MountCondition = keyof typeof mountConditions;
