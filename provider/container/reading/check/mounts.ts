import { parseOptions } from "../../conf.js";
import { rawOf, type Facts, type Kept } from "./facts.js";
import { error, warning, type Finding } from "./finding.js";
import { meant } from "./meant.js";

/** What is mounted into the container. */
export const mounts = (facts: Facts): Finding[] => [...automatic(facts), ...entries(facts), ...ofTheNode(facts)];

/** Everything that `lxc.mount.auto` takes but `shmounts:…`. Source: lxc.container.conf(5). */
const autoMounts = [
  ...["proc", "proc:mixed", "proc:rw", "sys", "sys:ro", "sys:mixed", "sys:rw"],
  ...["cgroup", "cgroup-full"].flatMap((what) => ["", ":mixed", ":ro", ":rw"].flatMap((how) => [`${what}${how}`, `${what}${how}:force`])),
];

function automatic(facts: Facts): Finding[] {
  return rawOf(facts, "lxc.mount.auto").flatMap((kept) => [...unknownMounts(kept), ...writable(kept)]);
}

const unknownMounts = ({ line, value }: Kept): Finding[] =>
  value
    .split(/[ \t]+/)
    .filter((mount) => mount !== "" && !autoMounts.includes(mount) && !/^shmounts:./.test(mount))
    .map((mount) =>
      error(
        "unknown-auto-mount",
        line,
        `\`${mount}\` is nothing that LXC mounts by itself, and it does not start the container`,
        meant(mount, autoMounts) ?? `There is ${autoMounts.filter((known) => !known.endsWith(":force")).join(", ")}, and shmounts:<path>.`,
      ),
    );

function writable({ line, value }: Kept): Finding[] {
  return value
    .split(/[ \t]+/)
    .filter((mount) => /^(?:proc|sys|cgroup|cgroup-full):rw(?::force)?$/.test(mount))
    .map((mount) => {
      const [what] = mount.split(":");
      return warning("mount-auto-writable", line, `\`${mount}\` makes all of ${places[what!]} writable`, `Use \`${what}:mixed\`.`);
    });
}

const places: Record<string, string> = { proc: "/proc", sys: "/sys", cgroup: "the container's cgroup", "cgroup-full": "every cgroup" };

function entries(facts: Facts): Finding[] {
  return rawOf(facts, "lxc.mount.entry").flatMap(({ line, value }) => {
    if (value === "") return [];
    const [, target, , options] = value.split(/[ \t]+/);
    if (options === undefined) {
      return [error("mount-entry", line, "is no line of fstab", "Write what, where, type, options: `/srv/x srv/x none bind,create=dir`.")];
    }
    if (!target!.startsWith("/")) return [];
    const message = `LXC takes the target ${target} for a path of the node, and passes it over when it is not below the container's root there`;
    return [warning("mount-target-absolute", line, message, `Write ${target!.replace(/^\/+/, "") || "the path"} without it.`)];
  });
}

/** Directories of the node that are as good as the node itself. */
const precious = new RegExp(
  [
    "^/$",
    "^/(?:boot|dev|etc|proc|root|run|sys|var)$",
    "^/etc/pve(?:/|$)",
    "^/var/lib/lxc$",
    "^/(?:var/)?run/(?:docker|containerd|pve)(?:/|$)",
    "^/(?:var/)?run/docker\\.sock$",
  ].join("|"),
);

function ofTheNode({ raw, properties }: Facts): Finding[] {
  const bound = [...properties.values(), ...raw].flatMap((kept) => {
    const source =
      kept.key === "lxc.mount.entry"
        ? kept.value.split(/[ \t]+/)[0]
        : /^mp\d+$/.test(kept.key)
          ? parseOptions(kept.value, "volume").get("volume")
          : undefined;
    return source?.startsWith("/") ? [{ ...kept, source: source.replace(/(?<=.)\/+$/, "") }] : [];
  });
  return bound
    .filter(({ source }) => precious.test(source))
    .map(({ line, source }) =>
      warning(
        "mount-of-node",
        line,
        `the container gets ${source} of the node`,
        "Mount only the part of it that is needed, read-only where that will do.",
      ),
    );
}
