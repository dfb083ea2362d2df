// The node, the same for all: a real sshd on loopback whose sessions work on a directory, with stand-ins for pct and
// apparmor_parser.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { standInsFor } from "../../dist/provider/testing/index.js";
import { run } from "../process.mjs";
import { configurationOf } from "./containers.mjs";
import { startSshd } from "./sshd.mjs";

/**
 * Starts it.
 *
 * @param {string} directory an empty one
 * @param {{ vmid: number }[]} containers
 * @param {{ running: boolean }} options whether the containers run
 */
export async function startNode(directory, containers, { running }) {
  const [root, pristine, sessions] = ["root", "pristine", "sessions"].map((name) => join(directory, name));
  const files = Object.fromEntries(containers.map((each) => [`/etc/pve/lxc/${each.vmid}.conf`, configurationOf(each)]));
  const { env } = await standInsFor(root, { hostname: "pve1", files });
  if (running) for (const { vmid } of containers) await run(["pct", "start", String(vmid)], { env });
  await run(["cp", "-a", root, pristine]);
  const sshd = await startSshd(directory, { env, sessions });

  return {
    ...sshd,
    root,
    /** Makes it as it was at the start. */
    async restore() {
      await rm(root, { recursive: true, force: true });
      await run(["cp", "-a", pristine, root]);
    },
    /** Fails where something is not as declared. */
    async verify(containers) {
      const kernel = await readFile(join(root, "sys/kernel/security/apparmor/profiles"), "utf8");
      for (const { vmid, name, profile, lines } of containers) {
        const conf = (await readFile(join(root, `etc/pve/lxc/${vmid}.conf`), "utf8")).split("\n");
        const lacking = lines.find((line) => !conf.includes(line));
        if (lacking) throw new Error(`container ${vmid} lacks the line ${lacking}`);
        if ((await readFile(join(root, "etc/apparmor.d", name), "utf8")) !== profile)
          throw new Error(`profile ${name} is another`);
        if (!kernel.includes(`${name} (enforce)\n`)) throw new Error(`profile ${name} is not loaded`);
      }
    },
    /** Sessions since the last call, by what ran in them. */
    async sessions() {
      const words = (await readFile(sessions, "utf8").catch(() => "")).split("\n").filter(Boolean);
      await rm(sessions, { force: true });
      const count = (kind) => words.filter((word) => word === kind).length;
      return { sessions: words.length, observing: count("observe"), applying: count("apply") };
    },
  };
}
