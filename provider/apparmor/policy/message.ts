import type { Access, Witness } from "./types.js";

const verbs: Record<Witness["change"], string> = {
  allows: "allows",
  denies: "denies",
  audit: "logs otherwise:",
  transition: "goes on otherwise:",
};

/** `allows w on /mnt/shared/secret` */
export function describe(change: Witness["change"], access: Access): string {
  return `${verbs[change]} ${describeAccess(access)}`;
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
