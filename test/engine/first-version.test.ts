import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { startNode } from "../../provider/testing/index.js";
import { Stack } from "../support/stack.js";

const fixture = join(__dirname, "../fixtures/first-version");
const read = (file: string) => readFile(join(fixture, file), "utf8");

/**
 * A stack and a node as the first version left them. `delete` and `refresh` run the provider's text in the state, so
 * what it calls and the ledger it finds there must go on to work. The fixture is never written again.
 */
describe("a state written by the first version", function () {
  this.timeout(300_000);

  it("is refreshed and destroyed by this one, and every byte comes back", async () => {
    const node = await startNode({
      gpus: 1,
      files: {
        "/etc/pve/lxc/951.conf": await read("951.conf"),
        "/etc/pve/firewall/951.fw": await read("951.fw"),
        "/etc/apparmor.d/lxc-first": await read("lxc-first"),
        "/sys/kernel/security/apparmor/profiles": "lxc-first (enforce)\n",
      },
    });
    const stack = await Stack.create({ PVE_POSTURE_NODES: JSON.stringify({ pve: node.settings }) });
    try {
      const imported = await stack.run("stack", "import", "--file", join(fixture, "state.json"));
      expect(imported.code, imported.output).to.equal(0);
      const refreshed = await stack.refresh();
      expect(refreshed.code, refreshed.output).to.equal(0);
      expect(Object.keys(await stack.resources())).to.have.members(["profile", "gpu", "security"]);
      const destroyed = await stack.destroy();
      expect(destroyed.code, destroyed.output).to.equal(0);
      expect(await node.read("/etc/pve/lxc/951.conf")).to.equal(await read("951.before.conf"));
      expect(await node.exists("/etc/pve/firewall/951.fw")).to.equal(false);
      expect(await node.loadedProfiles()).to.deep.equal({});
    } finally {
      await stack.close();
      await node.stop();
    }
  });

  before(async function () {
    // PVE_POSTURE_FIRST_VERSION=write made the fixture, once
    if (process.env["PVE_POSTURE_FIRST_VERSION"] !== "write") return;
    const before = await read("951.before.conf");
    const node = await startNode({ gpus: 1, files: { "/etc/pve/lxc/951.conf": before } });
    const stack = await Stack.create({ PVE_POSTURE_NODES: JSON.stringify({ pve: node.settings }) });
    await stack.program(await read("program.js"));
    const { code, output } = await stack.up();
    expect(code, output).to.equal(0);
    const state = JSON.parse(await stack.stateText()) as { deployment: { resources: Record<string, unknown>[] } };
    for (const resource of state.deployment.resources) {
      delete resource["sourcePosition"];
      delete resource["stackTrace"];
    }
    await writeFile(join(fixture, "state.json"), `${JSON.stringify(state, undefined, 2)}\n`);
    await writeFile(join(fixture, "951.conf"), (await node.read("/etc/pve/lxc/951.conf"))!);
    await writeFile(join(fixture, "951.fw"), (await node.read("/etc/pve/firewall/951.fw"))!);
    await writeFile(join(fixture, "lxc-first"), (await node.read("/etc/apparmor.d/lxc-first"))!);
    await stack.close();
    await node.stop();
  });
});
