import type { Access, Witness } from "./types.js";

const verbs = { allows: "allows", denies: "denies", audit: "logs otherwise:" } as const;

/** `allows w on /mnt/shared/secret` */
export function describe(change: Exclude<Witness["change"], "transition">, access: Access): string {
  return `${verbs[change]} ${describeAccess(access)}`;
}

/** `runs /usr/bin/x with ix instead of Px -> y` */
export function describeTransition(access: Access, before: string | undefined, after: string | undefined): string {
  const other = access.class !== "change_profile" && "owner" in access && access.owner === false ? " of another owner" : "";
  const [now, then] = [after ?? "no exec mode", before ?? "no exec mode"];
  if (access.class === "change_profile")
    return `changes to profile ${words(access.target, access.exec && `at the exec of ${access.exec}`)} ${now} instead of ${then}`;
  if (access.class !== "file") return `goes on otherwise: ${describeAccess(access)}`;
  if (access.permissions === "l")
    return `links ${access.path} to ${access.target ?? "any file"} ${after === "subset" ? "only if that grants no less" : "even if that grants less"}`;
  return `runs ${access.path}${other} with ${now} instead of ${then}`;
}

/** `w on /mnt/shared/secret`, `mount of x on /mnt (ro, bind)` */
export function describeAccess(access: Access): string {
  switch (access.class) {
    case "file":
      return `${access.permissions} on ${access.path}${access.target === undefined ? "" : ` to ${access.target}`}${access.owner === false ? " of another owner" : ""}`;
    case "capability":
      return `capability ${access.capability}`;
    case "network":
      return words(
        listed(access.access),
        "on",
        access.family,
        access.type,
        access.protocol,
        "sockets",
        end("from", access.local),
        end("to", access.peer),
      );
    case "unix":
      return words(
        listed(access.access),
        "on unix",
        access.type,
        "sockets",
        access.address && `at ${access.address}`,
        access.peer && `with ${access.peer.address ?? "a peer"}`,
        access.peer?.label && `labelled ${access.peer.label}`,
      );
    case "signal":
      return `to ${access.access} ${access.signal} ${access.access === "send" ? "to" : "from"} ${access.peer}`;
    case "ptrace":
      return `ptrace ${access.access} with ${access.peer}`;
    case "mount":
    case "remount":
      return words(
        access.class,
        access.source && `of ${access.source}`,
        `on ${access.target}`,
        access.fstype && `as ${access.fstype}`,
        access.options && `with ${listed(access.options)}`,
      );
    case "umount":
      return `umount of ${access.target}`;
    case "pivot_root":
      return words("pivot_root to", access.path, access.old && `from ${access.old}`);
    case "change_profile":
      return words("a change to profile", access.target, access.exec && `at the exec of ${access.exec}`);
    case "dbus":
      return words(
        "dbus",
        access.access,
        "on",
        access.bus,
        access.name,
        access.path,
        access.interface,
        access.member,
        access.label && `with ${access.label}`,
      );
    case "mqueue":
      return words(listed(access.access), `on ${access.type} message queue`, access.name, access.label && `labelled ${access.label}`);
    case "userns":
      return "the creation of user namespaces";
    case "io_uring":
      return words("io_uring", access.access, access.label && `of ${access.label}`);
    case "rlimit":
      return `${access.value === Infinity ? "no limit" : `a limit of ${access.value}`} for ${access.resource}`;
  }
}

const words = (...parts: (string | undefined)[]): string => parts.filter((part) => part !== undefined && part !== "").join(" ");
const listed = (names: readonly string[] | undefined): string => (names ?? []).join(", ");

function end(word: string, address: { address?: string; port?: number } | undefined): string | undefined {
  return address && `${word} ${address.address ?? "any address"}${address.port === undefined ? "" : ` port ${address.port}`}`;
}
