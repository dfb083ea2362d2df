import { expect } from "chai";
import { Stack } from "../support/stack.js";
import { testNodes, type TestNode } from "../support/nodes.js";

const conf951 = [
  "#vLLM",
  "arch: amd64",
  "features: keyctl=1",
  "memory: 72000",
  "net0: name=eth0,bridge=vmbr0,firewall=1",
  "unprivileged: 1",
  "lxc.apparmor.profile = unconfined",
  "lxc.cgroup2.devices.allow: c 506:* rwm",
  "",
  "[before-upgrade]",
  "lxc.apparmor.profile: generated",
  "snaptime: 1740688780",
  "",
].join("\n");
const conf952 = "arch: amd64\nmemory: 512";

const profileText = (rules = "file,") => `profile lxc-vllm flags=(attach_disconnected) {\n  ${rules}\n}\n`;

interface Wishes {
  vmid?: number;
  rules?: string;
  capDrop?: string[];
}

/** The three resources on one container, the profile and the GPU feeding the third. */
const program = ({ vmid = 951, rules, capDrop = ["sys_module"] }: Wishes = {}) => `
  const profile = new posture.AppArmorProfile("profile", {
    node: "pve", name: "lxc-vllm", profile: ${JSON.stringify(profileText(rules))},
  });
  const gpu = new posture.GpuPassthrough("gpu", { node: "pve", vmid: ${vmid}, gpus: [0] });
  new posture.LxcContainerSecurity("security", {
    node: "pve", vmid: ${vmid},
    apparmorProfile: profile.name,
    idmap: [{ type: "both", container: 0, host: 100000, count: 65536 }],
    deviceRules: gpu.deviceRules.apply((rules) => [{ action: "deny", rule: "a" }, ...rules]),
    capDrop: ${JSON.stringify(capDrop)},
    features: { nesting: true },
    firewall: { enable: true, policyIn: "DROP",
      rules: [{ direction: "in", action: "ACCEPT", source: "10.0.0.153", proto: "tcp", dport: "8000" }] },
  });
`;

const declared951 = [
  "#vLLM",
  "arch: amd64",
  "features: keyctl=1,nesting=1",
  "memory: 72000",
  "net0: name=eth0,bridge=vmbr0,firewall=1",
  "unprivileged: 1",
  "dev0: /dev/nvidia0,mode=0666",
  "dev1: /dev/nvidiactl,mode=0666",
  "dev2: /dev/nvidia-uvm,mode=0666",
  "dev3: /dev/nvidia-uvm-tools,mode=0666",
  "lxc.apparmor.profile: lxc-vllm",
  "lxc.cgroup2.devices.deny: a",
  "lxc.cgroup2.devices.allow: c 506:* rwm",
  "lxc.cgroup2.devices.allow: c 195:0 rw",
  "lxc.cgroup2.devices.allow: c 195:255 rw",
  "lxc.cgroup2.devices.allow: c 510:0 rw",
  "lxc.cgroup2.devices.allow: c 510:1 rw",
  "lxc.idmap: u 0 100000 65536",
  "lxc.idmap: g 0 100000 65536",
  "lxc.cap.drop: sys_module",
  "",
  "[before-upgrade]",
  "lxc.apparmor.profile: generated",
  "snaptime: 1740688780",
  "",
].join("\n");

const firewall951 =
  "[OPTIONS]\nenable: 1\npolicy_in: DROP\n[RULES]\nIN ACCEPT -source 10.0.0.153 -p tcp -dport 8000\n";

const path951 = "/etc/pve/lxc/951.conf";
const kernelList = "/sys/kernel/security/apparmor/profiles";

for (const { name, start } of testNodes) {
  describe(`the life of container 951 under a real engine, on ${name}`, function () {
    this.timeout(300_000);
    let node: TestNode;
    let stack: Stack;

    before(async function () {
      const files = { [path951]: conf951, "/etc/pve/lxc/952.conf": conf952 };
      const started = await start({ gpus: 1, files });
      if (!started) return this.skip();
      node = started;
      stack = await Stack.create({ PVE_POSTURE_NODES: JSON.stringify({ pve: node.settings }) });
      await stack.program(program());
    });
    after(async () => {
      await stack?.close();
      await node?.stop();
    });

    it("a preview says what would be done, and does nothing", async () => {
      const { code, output } = await stack.preview();
      expect(code, output).to.equal(0);
      expect(output).to.include("+ dev0: /dev/nvidia0,mode=0666");
      expect(output).to.include("/etc/apparmor.d/lxc-vllm is not there");
      expect(await node.read(path951)).to.equal(conf951);
    });

    it("up applies it, to the main section only", async () => {
      const { code, output } = await stack.up();
      expect(code, output).to.equal(0);
      expect(await node.read(path951)).to.equal(declared951);
      expect(await node.read("/etc/pve/firewall/951.fw")).to.equal(firewall951);
      expect(await node.read("/etc/apparmor.d/lxc-vllm")).to.equal(profileText());
      expect(await node.read(kernelList)).to.include("lxc-vllm (enforce)\n");
      const { profile, gpu } = await stack.resources();
      expect(profile!.outputs).to.include({ path: "/etc/apparmor.d/lxc-vllm", mode: "enforce", loaded: true });
      expect(profile!.type).to.equal("pulumi-nodejs:dynamic/pve-posture:AppArmorProfile");
      expect(gpu!.outputs["devices"]).to.deep.include({ path: "/dev/nvidia-uvm", major: 510, minor: 0 });
    });

    it("up again changes nothing", async () => {
      const { code, output } = await stack.up("--expect-no-changes");
      expect(code, output).to.equal(0);
      expect(output).to.include("4 unchanged");
    });

    it("a changed input changes its lines and no others", async () => {
      await stack.program(program({ capDrop: ["sys_module", "mac_admin"], rules: "file,\n  network inet stream," }));
      const { code, output } = await stack.up();
      expect(code, output).to.equal(0);
      expect(output).to.include("2 updated");
      expect(await node.read(path951)).to.equal(
        declared951.replace("lxc.cap.drop: sys_module\n", "lxc.cap.drop: sys_module\nlxc.cap.drop: mac_admin\n"),
      );
      expect(await node.read("/etc/apparmor.d/lxc-vllm")).to.include("network inet stream,");
      await stack.program(program());
      expect((await stack.up()).code).to.equal(0);
      expect(await node.read(path951)).to.equal(declared951);
    });

    it("a line that somebody changed by hand is drift: the preview shows it, refresh records it, up repairs it", async () => {
      await node.write(path951, declared951.replace("lxc-vllm", "unconfined").replace("72000", "64000"));
      await node.write(kernelList, "lxc-vllm (complain)\n");
      const preview = await stack.preview();
      expect(preview.output).to.include("- lxc.apparmor.profile: unconfined");
      expect(preview.output).to.include("+ lxc.apparmor.profile: lxc-vllm");
      expect(preview.output).to.include("in complain mode, not enforce");
      expect(preview.output).to.include("2 to update");

      await stack.refresh();
      const { profile, security } = await stack.resources();
      expect(profile!.outputs["mode"]).to.equal("complain");
      expect(security!.outputs["drift"]).to.deep.equal([
        "in the way: lxc.apparmor.profile: unconfined",
        "missing: lxc.apparmor.profile: lxc-vllm",
      ]);

      const up = await stack.up();
      expect(up.code, up.output).to.equal(0);
      expect(await node.read(path951)).to.equal(declared951.replace("72000", "64000"));
      expect(await node.read(kernelList)).to.include("lxc-vllm (enforce)\n");
      expect((await stack.resources())["security"]!.outputs["drift"]).to.deep.equal([]);
      await node.write(path951, declared951);
    });

    it("another vmid replaces: the new container gets the posture, the old one what it had", async () => {
      await stack.program(program({ vmid: 952 }));
      const { code, output } = await stack.up();
      expect(code, output).to.equal(0);
      expect(output).to.include("2 replaced");
      expect(await node.read(path951)).to.equal(conf951);
      expect(await node.read("/etc/pve/firewall/951.fw")).to.equal(undefined);
      expect(await node.read("/etc/pve/lxc/952.conf")).to.include("lxc.apparmor.profile: lxc-vllm\n");
    });

    it("a container that has the posture already is adopted unchanged", async () => {
      const text = await node.read("/etc/pve/lxc/952.conf");
      const other = await Stack.create({ PVE_POSTURE_NODES: JSON.stringify({ pve: node.settings }) });
      try {
        await other.program(program({ vmid: 952 }));
        expect((await other.preview()).output).to.include("is as declared already; it will be adopted unchanged");
        const { code, output } = await other.up();
        expect(code, output).to.equal(0);
        expect(await node.read("/etc/pve/lxc/952.conf")).to.equal(text);
        expect((await other.destroy()).code).to.equal(0);
        expect(await node.read("/etc/pve/lxc/952.conf"), "what was found is left").to.equal(text);
      } finally {
        await other.close();
      }
    });

    it("destroy gives back every byte", async () => {
      const { code, output } = await stack.destroy();
      expect(code, output).to.equal(0);
      expect(await node.read("/etc/pve/lxc/952.conf")).to.equal(conf952);
      expect(await node.read(path951)).to.equal(conf951);
      expect(await node.read("/etc/apparmor.d/lxc-vllm")).to.equal(undefined);
      expect(await node.read(kernelList)).not.to.include("lxc-vllm");
    });
  });
}
