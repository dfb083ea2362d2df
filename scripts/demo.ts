import { spawn } from "node:child_process";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { styleText } from "node:util";
import { createTwoFilesPatch } from "diff";
import { startNode } from "../provider/testing/index.js";

/**
 * The main job, from end to end: container 951 of the example, with a real Pulumi engine that keeps its state in a file,
 * on an embedded node. Nothing outside of a temporary directory is touched.
 */

const repository = resolve(__dirname, "..");
const terminal = process.stdout.isTTY;
const style = (as: Parameters<typeof styleText>[0], text: string) => (terminal ? styleText(as, text) : text);
const title = (text: string) => console.log(`\n${style("bold", `== ${text}`)}`);

const path = "/etc/pve/lxc/951.conf";
const profilePath = "/etc/apparmor.d/lxc-gpu-docker-storage";

/** As Phoenix's scripts left it: appended raw lines, majors of another boot, one of them in the snapshot. */
const original = [
  "arch: amd64",
  "cores: 8",
  "features: nesting=1",
  "hostname: embeddings",
  "memory: 49152",
  "net0: name=eth0,bridge=vmbr1,firewall=1,gw=192.0.2.1,hwaddr=BC:24:11:00:09:51,ip=192.0.2.51/24,type=veth",
  "ostype: debian",
  "rootfs: local-zfs:subvol-951-disk-0,size=96G",
  "unprivileged: 1",
  "lxc.apparmor.profile: lxc-gpu-docker-storage",
  "lxc.cgroup2.devices.allow: c 195:* rwm",
  "lxc.cgroup2.devices.allow: c 506:* rwm",
  "",
  "[ready]",
  "cores: 4",
  "lxc.cgroup2.devices.allow: c 509:* rwm",
  "snaptime: 1758700000",
  "",
].join("\n");

/** In the manner of the profile that the report was about. */
const wideProfile = `profile lxc-gpu-docker-storage flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  mount,
  /mnt/shared/** rwm,
}
`;

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "pve-posture-demo-"));
  const parser = ["/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"].find((file) => existsSync(file));
  const node = await startNode({
    gpus: 1,
    ...(parser ? { apparmorParser: parser } : {}),
    files: {
      [path]: original,
      [profilePath]: wideProfile,
      "/sys/kernel/security/apparmor/profiles": "lxc-gpu-docker-storage (enforce)\n",
    },
  });
  try {
    await walk(directory, node);
  } finally {
    await node.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function walk(directory: string, node: Awaited<ReturnType<typeof startNode>>): Promise<void> {
  title("A real Pulumi engine");
  const { findEngine } = (await import(join(repository, "scripts/engine.mjs"))) as { findEngine(): Promise<string> };
  const engine = await findEngine();
  console.log(`an embedded node «pve» listens on ${node.host}:${node.port}; its files are in ${node.root}`);

  await mkdir(join(directory, "state"));
  await mkdir(join(directory, "home"));
  const env = {
    ...process.env,
    PATH: `${engine}:${process.env["PATH"]}`,
    PULUMI_HOME: join(directory, "home"),
    PULUMI_BACKEND_URL: `file://${directory}/state`,
    PULUMI_CONFIG_PASSPHRASE: "demo",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PVE_POSTURE_NODES: JSON.stringify({ pve: node.settings }),
  };
  const pulumi = async (command: string, ...args: string[]): Promise<string> => {
    console.log(style("dim", `$ pulumi ${[command, ...args].join(" ")}`));
    const quiet = command === "stack";
    // the stack's settings stay out of the clone
    const config = quiet ? [] : ["--stack", "demo", "--config-file", join(directory, "Pulumi.demo.yaml")];
    return run(env, ["pulumi", command, ...args, ...config, "--non-interactive", "--color", terminal ? "always" : "never"], quiet);
  };
  await writeFile(join(directory, "Pulumi.demo.yaml"), "config: {}\n");
  await pulumi("stack", "init", "demo", "--no-select");

  title("The configuration before");
  console.log(original.trimEnd());

  title("Preview: what would change, read from the node");
  await pulumi("preview");

  title("Apply");
  await pulumi("up", "--yes", "--skip-preview");
  const applied = (await node.read(path)) ?? "";
  const deployed = (await node.read(profilePath)) ?? "";

  title("The configuration, before and after");
  console.log(difference(original, applied));

  title("The three findings of the report");
  const rules = deployed.split("\n");
  const show = (finding: string, lines: string[]) => {
    if (lines.length === 0) throw new Error(`not closed: ${finding}`);
    console.log(`${style("green", "closed")}  ${finding}`);
    for (const line of lines) console.log(`          ${line.trim()}`);
  };
  show(
    "storage: /mnt/shared/** was open; now everything but models is denied",
    rules.filter((rule) => /^\s*audit deny .*mnt\/shared\/@\{NOT_MODELS\} /.test(rule)),
  );
  show(
    `audit: nothing was logged; now ${rules.filter((rule) => /^\s*audit /.test(rule)).length} rules are, such as`,
    rules.filter((rule) => /^\s*audit .*mnt\/shared\/models/.test(rule)),
  );
  show("network: everything was allowed; now families and types by the profile", rules.filter((rule) => /^\s*network /.test(rule)));
  const firewall = (await node.read("/etc/pve/firewall/951.fw")) ?? "";
  show("         and ports by the firewall", firewall.split("\n").filter((rule) => /^(?:policy|IN|OUT)/.test(rule)));

  title("Somebody edits the file by hand");
  const edited = applied.replace(/^lxc\.apparmor\.profile: .*$/m, "lxc.apparmor.profile: unconfined");
  await node.write(path, edited);
  console.log(difference(applied, edited));
  await pulumi("preview");

  title("Repair");
  await pulumi("up", "--yes", "--skip-preview");
  expect((await node.read(path)) === applied, "the configuration is as declared again");

  title("Destroy");
  await pulumi("destroy", "--yes", "--skip-preview");
  expect((await node.read(path)) === original, "the configuration is back, byte for byte");
  expect((await node.read(profilePath)) === wideProfile, "the former profile is back, byte for byte");
  expect(!(await node.exists("/etc/pve/firewall/951.fw")), "the firewall file, which was not there before, is gone");
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
  console.log(`${style("green", "yes")}  ${what}`);
}

function difference(before: string, after: string): string {
  const patch = createTwoFilesPatch("before", "after", before, after, "", "", { context: 1 }).split("\n").slice(1);
  const colours = { "+": "green", "-": "red", "@": "cyan" } as const;
  return patch
    .map((line) => (line[0]! in colours ? style(colours[line[0] as keyof typeof colours], line) : line))
    .join("\n")
    .trimEnd();
}

/** Runs a command in the clone and passes its output on as it comes; fails when it fails. */
async function run(env: NodeJS.ProcessEnv, [program, ...args]: string[], quiet: boolean): Promise<string> {
  const child = spawn(program!, args, { cwd: repository, env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (data: Buffer) => {
    output += data.toString();
    if (!quiet) process.stdout.write(data);
  });
  const code = await new Promise<number | null>((done, fail) => child.on("error", fail).on("close", done));
  if (code !== 0) throw new Error(`${program} ${args[0]} ended with ${code}`);
  return output;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
