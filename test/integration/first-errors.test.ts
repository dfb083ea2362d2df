import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey } from "../../provider/testing/keys.js";
import { expect } from "chai";
import { PostureError, type ErrorCode } from "../../provider/errors.js";
import { Claims } from "../../provider/lifecycle/claims.js";
import { Lifecycle } from "../../provider/lifecycle/lifecycle.js";
import { Turns } from "../../provider/lifecycle/turns.js";
import { Nodes } from "../../provider/node/nodes.js";
import { NodePool } from "../../provider/node/pool.js";
import { readSettings } from "../../provider/node/settings.js";
import { appArmorProfile } from "../../provider/plan/apparmor-profile.js";
import { gpuPassthrough } from "../../provider/plan/gpu-passthrough.js";
import { lxcContainerSecurity } from "../../provider/plan/lxc-container-security.js";
import { startNode, type EmbeddedNode } from "../../provider/testing/index.js";
import { realParser } from "../support/nodes.js";

const conf = "arch: amd64\nmemory: 512\n";
const broken = "profile lxc-a {\n  /srv/** rw,\n  include <abstractions/nowhere>\n}\n";
const fine = "profile lxc-a {\n  file,\n}\n";

/** What a first user meets, on a real connection to an embedded node: the code, and words that say what to do. */
interface Case {
  name: string;
  /** changes the settings of the node, or the node itself */
  given?(node: EmbeddedNode, directory: string): Promise<object | void>;
  wish?: { kind?: "profile" | "security" | "gpu" } & Record<string, unknown>;
  code: ErrorCode;
  says: (string | RegExp)[];
  parser?: boolean;
}

const otherKey = () => generateKey();

const cases: Case[] = [
  {
    name: "no such host",
    given: async () => ({ host: "no-such-host.invalid" }),
    code: "host-not-found",
    says: ["no-such-host.invalid"],
  },
  {
    name: "a key that the node refuses",
    given: async () => ({ privateKey: otherKey().private }),
    code: "auth-failed",
    says: ["root", "authorized_keys"],
  },
  {
    name: "an unknown host key: its fingerprint and the line to add",
    given: async (node, directory) => {
      await writeFile(join(directory, "known_hosts"), "");
      return { hostKey: undefined, knownHostsFile: join(directory, "known_hosts") };
    },
    code: "host-key-unknown",
    says: [/SHA256:[A-Za-z0-9+/]{43}/, /\[127\.0\.0\.1\]:\d+ ssh-ed25519 AAAA/],
  },
  {
    name: "a changed host key, loudly",
    given: async (node, directory) => {
      const line = `[127.0.0.1]:${node.port} ${otherKey().public}`;
      await writeFile(join(directory, "known_hosts"), `${line}\n`);
      return { hostKey: undefined, knownHostsFile: join(directory, "known_hosts") };
    },
    code: "host-key-changed",
    says: [/changed/i, "known_hosts:1", /ssh-keygen .*-R/],
  },
  {
    name: "no such container",
    wish: { vmid: 999 },
    code: "container-not-found",
    says: ["pve: there is no container 999", "pct list"],
  },
  {
    name: "a container that is on another node of the cluster",
    given: (node) => node.write("/etc/pve/nodes/pve2/lxc/952.conf", conf),
    wish: { vmid: 952 },
    code: "container-elsewhere",
    says: ["container 952 is on node pve2", "set `node`"],
  },
  {
    name: "a node that is no Proxmox VE",
    given: (node) => node.remove("/etc/pve"),
    code: "container-not-found",
    says: ["/etc/pve/lxc is not there", "pve-cluster"],
  },
  {
    name: "a container that is locked by a backup",
    given: (node) => node.write("/etc/pve/lxc/951.conf", `${conf}lock: backup\n`),
    code: "container-locked",
    says: ["container 951 is locked (backup)", "pct unlock 951"],
  },
  {
    name: "a container that is named a profile that is not loaded",
    wish: { apparmorProfile: "lxc-nowhere" },
    code: "profile-not-loaded",
    says: ["lxc-nowhere is not loaded", "profile.name"],
  },
  {
    name: "a profile that includes what the node has not: the compiler's words, with the line",
    wish: { kind: "profile", name: "lxc-a", profile: broken },
    code: "profile-invalid",
    says: ["apparmor_parser refuses profile lxc-a", /line 3/, "Nothing was changed"],
  },
  {
    name: "no apparmor_parser on the node",
    parser: false,
    wish: { kind: "profile", name: "lxc-a", profile: fine },
    code: "no-apparmor",
    says: ["has no apparmor_parser", "apt install apparmor"],
  },
  {
    name: "a kernel without AppArmor",
    given: (node) => node.remove("/sys/kernel/security/apparmor/profiles"),
    wish: { kind: "profile", name: "lxc-a", profile: fine },
    code: "no-apparmor",
    says: ["the kernel has no AppArmor"],
  },
  {
    name: "a file of that name that holds other profiles",
    given: (node) => node.write("/etc/apparmor.d/lxc-a", "profile lxc-a {\n}\nprofile other {\n}\n"),
    wish: { kind: "profile", name: "lxc-a", profile: fine },
    code: "conflict",
    says: ["declares other profiles too: other"],
  },
  {
    name: "a GPU that is not there: what is",
    wish: { kind: "gpu", gpus: [3] },
    code: "gpu-not-found",
    says: ["has no GPU 3", /0: NVIDIA .* \(GPU-/],
  },
];

describe("what a first user meets", function () {
  this.timeout(30_000);
  for (const { name, given, wish: { kind = "security", ...wish } = {}, code, says, parser } of cases) {
    it(name, async () => {
      const directory = await mkdtemp(join(tmpdir(), "pve-posture-errors-"));
      const node = await startNode({
        gpus: 1,
        files: { "/etc/pve/lxc/951.conf": conf },
        ...(realParser ? { apparmorParser: realParser } : {}),
        ...(parser === false ? { programs: { apparmor_parser: false as const } } : {}),
      });
      const changed = (await given?.(node, directory)) ?? {};
      const nodesJson = JSON.stringify({ pve: { ...node.settings, agent: false, ...changed } });
      const settings = readSettings(() => undefined, {
        PVE_POSTURE_NODES: nodesJson,
        PVE_POSTURE_SSH_CONFIG: "none",
        PVE_POSTURE_LOCK_TIMEOUT_SECONDS: "0",
      });
      const nodes = new Nodes(new NodePool(settings), settings.lockTimeoutSeconds);
      const shared = [() => nodes, () => settings, new Claims(), new Turns()] as const;
      const create = {
        security: () => new Lifecycle(lxcContainerSecurity, ...shared).create({ node: "pve", vmid: 951, capDrop: ["sys_module"], ...wish }),
        gpu: () => new Lifecycle(gpuPassthrough, ...shared).create({ node: "pve", vmid: 951, ...wish }),
        profile: () => new Lifecycle(appArmorProfile, ...shared).create({ node: "pve", ...wish }),
      }[kind];
      const before = await node.read("/etc/pve/lxc/951.conf");
      try {
        const error = await create().then(
          () => expect.fail("it worked"),
          (reason: unknown) => reason,
        );
        expect(error).to.be.instanceOf(PostureError);
        expect((error as PostureError).code, (error as PostureError).message).to.equal(code);
        for (const words of says) expect((error as PostureError).message).to.match(words instanceof RegExp ? words : new RegExp(escape(words)));
        expect(await node.read("/etc/pve/lxc/951.conf")).to.equal(before);
      } finally {
        await nodes.close();
        await node.stop();
        await rm(directory, { recursive: true, force: true });
      }
    });
  }
});

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
