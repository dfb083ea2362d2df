import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../process.mjs";
import { sshConfig } from "./ssh-config.mjs";

/** A loop around OpenSSH's client. */
export const ssh = {
  key: "ssh",
  name: "ssh in a loop",
  once: true,
  async prepare({ directory, containers, node, port }) {
    const config = await sshConfig(directory, node, port);
    for (const { vmid, profile, lines } of containers) {
      await writeFile(join(directory, `${vmid}.profile`), profile);
      await writeFile(join(directory, `${vmid}.lines`), lines.map((line) => `${line}\n`).join(""));
    }
    await writeFile(join(directory, "containers"), containers.map(({ vmid, name }) => `${vmid} ${name}\n`).join(""));
    const script = join(import.meta.dirname, "ssh-loop.sh");
    const step = (what) => ({ command: ["bash", script, what, config], cwd: directory });
    return {
      version: /OpenSSH_([^\s,]+)/.exec((await run(["ssh", "-V"])).stderr)?.[1],
      steps: { first: step("apply"), again: step("apply"), check: step("check") },
    };
  },
};
