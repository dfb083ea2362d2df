import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parsePhoenix, phoenixContainer, reportPhoenix } from "../../provider/phoenix/index.js";
import { realFiles, report } from "./report.js";

const root = resolve(__dirname, "../..");
const example = join(root, "examples/container-951/phoenix_lxc_configs.json");
const read = (file: string) => parsePhoenix(readFileSync(file, "utf8"), file);

describe("the example's phoenix_lxc_configs.json", () => {
  it("is applied whole", () => {
    const problems = reportPhoenix(read(example), { node: "pve" }).filter(({ problem }) => problem);
    expect(problems).to.deep.equal([]);
  });

  it("container 951", () => {
    const profiles = { "lxc-gpu-docker-storage": "profile lxc-gpu-docker-storage { }" };
    const { notes, ...posture } = phoenixContainer(read(example), 951, { node: "pve", profiles });
    const target = { node: "pve", vmid: 951 };
    expect(posture).to.deep.equal({
      profile: { node: "pve", name: "lxc-gpu-docker-storage", profile: profiles["lxc-gpu-docker-storage"] },
      security: {
        ...target,
        apparmorProfile: "lxc-gpu-docker-storage",
        idmap: [{ type: "both", container: 0, host: 100_000, count: 65_536 }],
        deviceRules: [
          { action: "allow", rule: "c 10:200 rwm" },
          { action: "allow", rule: "c 10:229 rwm" },
        ],
        capDrop: ["sys_rawio", "syslog"],
        mountEntries: ["/tank/shared/models mnt/shared/models none bind,optional,create=dir 0 0"],
        mountAuto: ["proc:mixed", "sys:mixed"],
        raw: { "lxc.prlimit.memlock": "unlimited" },
        features: { nesting: true, keyctl: true },
        firewall: {
          enable: true,
          policyIn: "DROP",
          rules: [{ direction: "in", action: "ACCEPT", source: "192.0.2.10", proto: "tcp", dport: "8000", comment: "the gateway" }],
        },
      },
      gpu: { ...target, gpus: [0] },
    });
    expect(notes).to.have.length(6, notes.join("\n"));
  });
});

describe("the report", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ["-r", "tsx/cjs", join(__dirname, "report.ts"), ...args], { cwd: root, encoding: "utf8" });

  it("says what would be applied, and each note once", () => {
    const { status, stdout } = run(example);
    expect(status).to.equal(0);
    expect(stdout).to.match(/^examples\/container-951\/phoenix_lxc_configs\.json: 3 of 3 containers can be applied\n {2}950 base-ai \[1\]\n/);
    expect(stdout).to.match(/\n {2}951 embeddings [[\]\d ]+\n {4}features: nesting=1,keyctl=1\n {4}lxc\.apparmor\.profile: lxc-gpu-docker-storage\n/);
    expect(stdout.match(/are not taken over/g)).to.have.length(1);
  });

  it("exits 1 if a file can't be read, and still reads the others", () => {
    const { status, stdout, stderr } = run("no-such-file.json", "tsconfig.json", example);
    expect(status).to.equal(1);
    expect(stderr).to.match(/ENOENT.*no-such-file\.json/).and.match(/tsconfig\.json can't be read:\n {2}lxc_configs: /);
    expect(stdout).to.include("3 of 3 containers");
  });
});

describe("Phoenix's own files", () => {
  const files = realFiles();
  if (files.length === 0) it.skip("(this checkout has none beside it)");
  for (const file of files) {
    it(`${basename(file)}: every container gives a posture, or a reason`, () => {
      for (const { vmid, name, posture, problem } of reportPhoenix(read(file), { node: "pve" })) {
        expect(name).not.to.equal("");
        if (!posture) expect(problem).to.match(new RegExp(`^container ${vmid} .*\\[\\d\\]: .{20}`));
      }
      expect(report(file)).not.to.be.empty;
    });
  }
});
