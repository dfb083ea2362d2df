import { expect } from "chai";
import fc from "fast-check";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import { PostureError } from "../../provider/errors.js";
import { Claims } from "../../provider/lifecycle/claims.js";
import { Lifecycle } from "../../provider/lifecycle/lifecycle.js";
import { RecentProfiles } from "../../provider/lifecycle/recent.js";
import { Turns } from "../../provider/lifecycle/turns.js";
import { failuresOf } from "../../provider/lifecycle/validate.js";
import { Nodes } from "../../provider/node/nodes.js";
import { NodePool } from "../../provider/node/pool.js";
import { encodeRequests, encodeTransaction } from "../../provider/node/protocol.js";
import { readSettings, type NodeSettings } from "../../provider/node/settings.js";
import { appArmorProfile } from "../../provider/plan/apparmor-profile.js";
import { gpuPassthrough } from "../../provider/plan/gpu-passthrough.js";
import type { Kind } from "../../provider/plan/kind.js";
import { lxcContainerSecurity } from "../../provider/plan/lxc-container-security.js";
import type { Request, Step } from "../../provider/plan/steps.js";
import { startNode, type EmbeddedNode } from "../../provider/testing/index.js";

type Props = Record<string, unknown>;

const fuzz = Number(process.env["PVE_POSTURE_FUZZ"] ?? 0);
/** With PVE_POSTURE_FUZZ a round trip takes a tenth of a second, a check next to nothing. */
const runs = (modest: number, share: number) => ({ numRuns: fuzz ? Math.max(modest, Math.ceil(fuzz / share)) : modest, endOnFailure: true });

// --- what is hostile -------------------------------------------------------------------------------------------------

const canary = "hostile-canary";
const commands = [
  `$(touch ${canary})`, `\`touch ${canary}\``, `; touch ${canary} #`, `\ntouch ${canary}\n`, `| touch ${canary}`, `& touch ${canary} &`, `|| touch ${canary} ||`,
  `'; touch ${canary}; '`, `"; touch ${canary}; "`, `$'\\ntouch ${canary}'`, `;touch\${IFS}${canary};`, `$(touch\${IFS}${canary})`, `\`touch\${IFS}${canary}\``, `\nunload lxc-x /etc/passwd`,
  "\nlxc.hook.pre-start: /bin/x", "\n[pve:pending]\n", "\nfile /etc/shadow", "$((1/0))", "${x?}", "%n%s", "%h", "\\n", "\\0", "\\c",
];
const characters = [
  "\n", "\r", "\r\n", "\0", "\t", "\v", "\f", "\u001b[2J", "\u001b]0;x\u0007", "\u007f", "\u0085", "\u009b2J", "\u00a0", "\u00ad", "\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\ufeff", "\ufffd", "\uffff",
  "😀", "\ud83d", "\udc00", "e\u0301", "à", "ÿ", "'", '"', "`", "\\", "$x", "${x}", "*", "?", "[a-z]", "{a,b}", "~", "!", "#", "%", "&", "|", ";", "<", ">", "(", ")", "..", "/../", "/..", "//", "-", "--", "-rf ", " ", "=", ":", ",", "@",
  "//&", "^", "__proto__", "constructor", "toString", "hasOwnProperty",
];
const numbers = [0, -0, -1, 1.5, 99, 1e9, 2 ** 31, 2 ** 32, 2 ** 53, 1e21, 1e308, -1e308, NaN, Infinity, -Infinity];
const objects = ["{}", "[]", "null", "true", '{"__proto__":{"x":1}}', '{"constructor":"x"}', '{"toString":1}', '["$(touch x)"]', "[[]]", '[{"__proto__":null}]'].map((json) => JSON.parse(json) as unknown);

/** A valid text with something hostile at one place. */
const spoilt = (text: string): fc.Arbitrary<string> => {
  const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 6 }).map((codes) => String.fromCharCode(...codes));
  const long = fc.constantFrom(300, 5000, 1 << 20).map((length) => "x".repeat(length));
  const piece = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...commands) }, { weight: 4, arbitrary: fc.constantFrom(...characters) }, { weight: 1, arbitrary: units }, { weight: 1, arbitrary: long });
  const at = fc.constantFrom(0, Math.floor(text.length / 2), Math.max(0, text.length - 1), text.length);
  return fc.oneof(
    { weight: 8, arbitrary: fc.tuple(at, piece).map(([i, hostile]) => text.slice(0, i) + hostile + text.slice(i)) },
    { weight: 1, arbitrary: piece },
    { weight: 1, arbitrary: fc.tuple(piece, piece).map(([one, two]) => one + text + two) },
  );
};
const hostile = (value: unknown): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: typeof value === "string" ? 8 : 1, arbitrary: spoilt(String(value)) },
    { weight: typeof value === "number" ? 4 : 1, arbitrary: fc.constantFrom<unknown>(...numbers) },
    { weight: 1, arbitrary: fc.constantFrom(...objects) },
  );

// --- where it can stand ----------------------------------------------------------------------------------------------

interface Place {
  path: string;
  value: unknown;
  /** a key, not what stands under it */
  named?: true;
  /** valid inputs, save for what stands here */
  put(value: unknown): Props;
}

type Schema = z.core.$ZodType;
type Def = { type: string; innerType?: Schema; in?: Schema; shape?: Record<string, Schema>; element?: Schema; keyType?: Schema; valueType?: Schema; options?: Schema[]; entries?: Record<string, unknown>; values?: unknown[] };
const defOf = (schema: Schema) => schema._zod.def as unknown as Def;

/** The simplest value of a schema, for inputs that the examples below don't have. */
function sample(schema: Schema): unknown {
  const def = defOf(schema);
  const inner = def.innerType ?? def.in;
  if (inner) return sample(inner);
  if (def.shape) return Object.fromEntries(Object.entries(def.shape).flatMap(([key, one]) => (one._zod.optin === "optional" ? [] : [[key, sample(one)]])));
  if (def.element) return [sample(def.element)];
  if (def.valueType) return { key: sample(def.valueType) };
  if (def.options) return sample(def.options[0]!);
  if (def.type === "string") return fc.sample(fc.stringMatching([...((schema._zod.bag["patterns"] as Set<RegExp> | undefined) ?? [/^a$/])].at(-1)!), { numRuns: 1, seed: 1 })[0];
  return def.entries ? Object.values(def.entries)[0] : def.values ? def.values[0] : def.type === "boolean" ? true : ((schema._zod.bag["minimum"] as number | undefined) ?? 1);
}

const replaced = (whole: unknown, key: string | number, one: unknown): unknown => (Array.isArray(whole) ? whole.with(key as number, one) : { ...(whole as Props), [key]: one });
const accepts = (schema: Schema, value: unknown) => (schema as z.ZodType).safeParse(value).success;

/** Every place of a schema: what a new input brings is among them by itself. */
function placesOf(schema: Schema, given: unknown, put: Place["put"], path = ""): Place[] {
  const def = defOf(schema);
  const inner = def.innerType ?? def.in;
  if (inner) return placesOf(inner, given, put, path);
  if (def.options) return def.options.flatMap((option) => placesOf(option, accepts(option, given) ? given : sample(option), put, path));
  const value = given ?? sample(schema);
  const here: Place = { path, value, put };
  const below = (key: string | number, part: Schema) =>
    placesOf(part, (value as Props)[key], (one) => put(replaced(value, key, one)), typeof key === "number" ? `${path}[${key}]` : path ? `${path}.${key}` : key);
  const named = (key: string, one: unknown): Place => ({ path, value: key, named: true, put: (name) => put(replaced(value, typeof name === "string" ? name : JSON.stringify(name) ?? "", one)) });
  if (def.shape) return [...(path ? [here] : []), named("input", 1), ...Object.entries(def.shape).flatMap(([key, part]) => below(key, part))];
  if (def.element) return [here, ...below(0, def.element)];
  if (def.valueType) return [here, ...Object.entries(value as Props).flatMap(([key, one]) => [named(key, one), ...below(key, def.valueType!)])];
  return [here];
}

// --- the resources ---------------------------------------------------------------------------------------------------

const textOf = (name: string) => `# a comment\nprofile ${name} flags=(attach_disconnected) {\n  /srv/** r,\n  deny "/srv/a b" w,\n}\n`;
const own = { node: "pve", vmid: 951 };

/** Valid inputs by kind, which together have every input. */
const examples: Record<string, { kind: unknown; of: Props }[]> = {
  AppArmorProfile: [{ kind: appArmorProfile, of: { node: "pve", name: "lxc-h", profile: textOf("lxc-h") } }],
  LxcContainerSecurity: [
    {
      kind: lxcContainerSecurity,
      of: {
        ...own, unprivileged: true, apparmorProfile: "lxc-a", deviceRules: [{ action: "deny", rule: "c 10:200 rwm" }], capDrop: ["sys_module"], mountEntries: ["/srv/a srv/a none bind,ro 0 0"], mountAuto: ["proc:rw"],
        mountPoints: { mp0: { ro: true, nosuid: true } }, limits: { nofile: { soft: 1024, hard: 4096 }, nproc: 100 }, raw: { "lxc.environment": ["A=b", "C=d"], "lxc.signal.halt": "SIGPWR" }, features: { nesting: true, mount: ["nfs"] },
        firewall: { enable: true, policyIn: "DROP", rules: [{ direction: "in", action: "ACCEPT", iface: "net0", source: "10.0.0.0/8", dest: "+ipset", proto: "tcp", sport: "1024:2048", dport: "80,443", log: "info", comment: "the web" }] },
        exclusive: ["capDrop"], restart: "never", restartTimeoutSeconds: 5,
      },
    },
    {
      kind: lxcContainerSecurity,
      of: {
        ...own, apparmorProfile: "generated", apparmorRules: ["deny /srv/** w,"], capKeep: ["chown", "setuid"], seccompProfile: "/usr/share/seccomp",
        idmap: [{ type: "both", container: 0, host: 100000, count: 65536 }], shiftOwnership: false, grantSubids: false, raw: { "lxc.hook.mount": ["/usr/bin/true"] },
      },
    },
  ],
  GpuPassthrough: [
    { kind: gpuPassthrough, of: { ...own, gpus: [0], entries: "dev", mode: "0666", uid: 0, gid: 44 } },
    { kind: gpuPassthrough, of: { ...own, gpus: ["0000:01:00.0"], entries: "raw" } },
  ],
};

/** What is valid, does not stand in a file, or stands there in another form. */
const notWritten = /^(?:node|vmid|exclusive|restart|entries|gpus|idmap|deviceRules|apparmorProfile$|firewall\.rules\[0\]\.direction)/;

interface Mutant {
  kind: Kind<never, never, never>;
  name: string;
  place: Place;
  example: Props;
  value: unknown;
}

const mutants = Object.entries(examples).flatMap(([name, list]) =>
  list.flatMap(({ kind: untyped, of: example }): Mutant[] => {
    const kind = untyped as Mutant["kind"];
    const both = (text: unknown) => ({ ...example, name: text, profile: textOf(typeof text === "string" ? `"${text}"` : JSON.stringify(text)) });
    const renamed: Place[] = name === "AppArmorProfile" ? [{ path: "name", value: "lxc-h", put: both }] : [];
    const places = [...placesOf(kind.schema, example, (inputs) => inputs as Props), ...renamed];
    return places.map((place) => ({ name, kind, place, example, value: place.value }));
  }),
);
const spoiltOne = (some: Mutant[]): fc.Arbitrary<Mutant> =>
  fc.constantFrom(...some).chain((one) => hostile(one.value).map((value) => ({ ...one, value, [fc.toStringMethod]: () => about({ ...one, value }) })));
const about = ({ name, place, value }: Mutant) => `${name}.${place.path} ${JSON.stringify(value).slice(0, 200)}`;
const inputsOf = ({ place, value }: Mutant) => place.put(value);

// --- what must hold --------------------------------------------------------------------------------------------------

// what a terminal obeys, and what turns the direction of its text
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\p{Cs}/u;
const expectPrintable = (text: string, about: string) => expect(unprintable.exec(text)?.[0].charCodeAt(0).toString(16), `${about}: ${JSON.stringify(text.slice(0, 500))}`).to.equal(undefined);

/** What a value may be that is taken: anything that has bytes, and stays where it stands. */
const text = /^[^\p{Cs}\0]*$/u;
const line = /^[^\p{Cs}\p{Cc}\p{Zl}\p{Zp}]*$/u;

function expectTold(error: unknown, about: string): void {
  expect(error, about).to.be.instanceOf(PostureError);
  const { message } = error as PostureError;
  expectPrintable(message, about);
  expect(message.length, about).to.be.lessThan(12_000);
}

function noCanary(...directories: string[]): void {
  for (const directory of directories) {
    const found = join(directory, canary);
    if (!existsSync(found)) continue;
    rmSync(found);
    expect.fail(`a command was run: ${found}`);
  }
}

/** The node's files by path, but for what comes and goes. */
function treeOf(root: string, path = ""): Map<string, string> {
  const entries = readdirSync(join(root, path), { withFileTypes: true }).filter(({ name }) => !["/run", "/.stand-ins", "/dev"].includes(`${path}/${name}`));
  return new Map(
    entries.flatMap((entry): [string, string][] => {
      const at = `${path}/${entry.name}`;
      return entry.isDirectory() ? [...treeOf(root, at)] : entry.isFile() ? [[at, readFileSync(join(root, at), "latin1")]] : [[at, "other"]];
    }),
  );
}

const conf = ["arch: amd64", "hostname: a", "mp0: /srv/models,mp=/models", "rootfs: local-zfs:subvol-951-disk-0,size=8G", "unprivileged: 1", "lxc.cgroup2.devices.allow: c 7:* rwm", "", "[snap]", "arch: amd64", ""].join("\n");
const confPath = "/etc/pve/lxc/951.conf";
const kernelList = "/sys/kernel/security/apparmor/profiles";

/** A node by SSH, and what the engine would call. */
class World {
  private constructor(readonly node: EmbeddedNode, readonly nodes: Nodes, readonly of: (kind: unknown) => Lifecycle<never, never, never>) {}

  static async start(): Promise<World> {
    const node = await startNode({ gpus: 1, files: { [confPath]: conf, [kernelList]: "lxc-a (enforce)\n", "/usr/share/seccomp": "2\n" } });
    const env = { PVE_POSTURE_NODES: JSON.stringify({ pve: node.settings }), PVE_POSTURE_SSH_CONFIG: "none", PVE_POSTURE_LOCK_TIMEOUT_SECONDS: "0", PVE_POSTURE_CONNECT_TIMEOUT_SECONDS: "1" };
    const settings = readSettings(() => undefined, env);
    const nodes = new Nodes(new NodePool(settings), 10, settings);
    const shared = [() => nodes, () => settings, new Claims(), new Turns(), new RecentProfiles()] as const;
    return new World(node, nodes, (kind) => new Lifecycle(kind as never, ...shared) as Lifecycle<never, never, never>);
  }

  async stop(): Promise<void> {
    await this.nodes.close();
    await this.node.stop();
  }
}

/** The files that a resource may change. */
function filesOf({ name, vmid, grantSubids }: Props, kind: string): string[] {
  if (kind === "AppArmorProfile") return [`/etc/apparmor.d/${String(name)}`, kernelList];
  const subids = ["/etc/subuid", "/etc/subgid", "/var/lib/pve-posture/subuid", "/var/lib/pve-posture/subgid"];
  return [`/etc/pve/nodes/pve/lxc/${String(vmid)}.conf`, `/etc/pve/firewall/${String(vmid)}.fw`, ...(grantSubids ? subids : [])];
}

describe("hostile data", function () {
  this.timeout(fuzz ? 3_600_000 : 60_000);
  const { log } = console;
  let world: World;
  let said: string[];
  before(async () => (world = await World.start()));
  after(() => world.stop());
  beforeEach(() => {
    said = [];
    console.log = (text: string) => void said.push(text);
  });
  afterEach(() => {
    console.log = log;
    noCanary(process.cwd(), tmpdir(), world.node.root);
    for (const text of said) expectPrintable(text, "printed");
  });

  it("stands against inputs that are valid without it", async () => {
    for (const { kind, of } of Object.values(examples).flat()) expect((await world.of(kind).check({}, of)).failures).to.deep.equal([]);
    // the walk has found what is deep within
    expect(mutants.map(({ place }) => place.path)).to.include.members(["profile", "raw.lxc.environment[0]", "firewall.rules[0].comment", "limits.nofile.soft", "gpus[0]", "mountPoints.mp0.ro"]);
  });

  it("takes no name of an object's own for an input", async () => {
    for (const one of mutants.filter(({ place }) => place.named)) {
      for (const value of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
        // at the top, what begins like this is the library's own
        if (value.startsWith("__") && one.place.path === "") continue;
        const { failures } = await world.of(one.kind).check({}, inputsOf({ ...one, value }));
        expect(failures.map(({ property }) => property).join(), about({ ...one, value })).to.contain(value);
        expect(failures.map(({ reason }) => reason).join()).not.to.contain("function");
      }
    }
  });

  it("is refused at its property path, in short and printable words, or taken", async () => {
    await fc.assert(
      fc.asyncProperty(spoiltOne(mutants), async (one) => {
        const { failures } = await world.of(one.kind).check({}, inputsOf(one));
        const { path } = one.place;
        const [top] = /^[^.[]*/.exec(path)!;
        if (failures.length > 0) expect(failures.some(({ property, reason }) => property.startsWith(top) || reason.includes(top)), JSON.stringify(failures).slice(0, 500)).to.equal(true);
        if (failures.length === 0 && typeof one.value === "string") expect(one.value, about(one)).to.match(path === "profile" ? text : line);
        for (const { property, reason } of failures) {
          expectPrintable(property + reason, about(one));
          expect(property.length, "the property's path").to.be.lessThan(500);
          expect(reason.length, "the reason").to.be.lessThan(6000);
        }
      }),
      runs(3000, 1),
    );
  });

  it("what is taken arrives byte for byte, changes nothing else, and goes without a trace", async () => {
    const ofText = mutants.filter(({ value, place }) => typeof value === "string" && !notWritten.test(place.path));
    const taken = fc.oneof(spoiltOne(mutants), { weight: 4, arbitrary: spoiltOne(ofText) }).filter((one) => one.place.path !== "node" && failuresOf(one.kind.schema, inputsOf(one)).length === 0);
    await fc.assert(
      fc.asyncProperty(taken, async (one) => {
        const inputs = inputsOf(one);
        const resource = world.of(one.kind);
        const before = treeOf(world.node.root);
        const made = await resource.create(inputs).catch((error: unknown) => {
          expectTold(error, about(one));
          expect(error, about(one)).not.to.have.property("properties");
        });
        noCanary(world.node.root);
        const now = treeOf(world.node.root);
        const changed = [...new Set([...before.keys(), ...now.keys()])].filter((path) => before.get(path) !== now.get(path));
        const files = made ? filesOf(inputs, one.name) : [];
        expect(files).to.include.members(changed);
        if (!made) return;
        if (typeof one.value === "string" && !notWritten.test(one.place.path)) {
          const bytes = Buffer.from(one.value);
          expect(bytes.toString(), "what is no text can't arrive").to.equal(one.value);
          expect(files.some((path) => now.get(path)?.includes(bytes.toString("latin1"))), `${about(one)} is not there`).to.equal(true);
        }
        const stays = ["node", "vmid", "name"].every((key) => inputs[key] === one.example[key]);
        const { outs } = stays ? await resource.update(made.id, made.outs, one.example) : made;
        await resource.delete(made.id, outs);
        expect([...treeOf(world.node.root)]).to.deep.equal([...before]);
      }),
      runs(16, 100),
    );
  });

  it("in a line of the protocol it is refused, whatever field it stands in", () => {
    const path = "/etc/x";
    const steps: Step[] = [
      { do: "lock", path }, { do: "file", path, before: "a", after: "b" }, { do: "check", profile: "p" }, { do: "load", profile: "p", path }, { do: "unload", profile: "p", path }, { do: "unused", profile: "p" }, { do: "loaded", profile: "p" },
      { do: "stop", vmid: 951, seconds: 1 }, { do: "restart", vmid: 951, seconds: 1, start: true, label: "p", map: "u 0 1 1", revert: { path, before: "a", after: "b", profile: "p" } },
    ];
    const contents = ["before", "after", "map"];
    const fields = (object: object): string[] => Object.entries(object).flatMap(([key, value]) => (typeof value === "string" && key !== "do" && !contents.includes(key) ? [key] : []));
    const spoiltSteps = steps.flatMap((step) => [
      ...fields(step).map((key) => (text: string) => ({ ...step, [key]: text }) as Step),
      ...("revert" in step && step.revert ? fields(step.revert).map((key) => (text: string) => ({ ...step, revert: { ...step.revert!, [key]: text } }) as Step) : []),
    ]);
    const requests: ((text: string) => Request)[] = [(path) => ({ ask: "file", path }), (pattern) => ({ ask: "files", pattern }), (pattern) => ({ ask: "paths", pattern }), (name) => ({ ask: "package", name }), (profile) => ({ ask: "users", profile })];
    const wordsOf = (step: Step) => encodeTransaction([step], [], 1).steps.toString("latin1").split(/[ \n]/).length;
    fc.assert(
      fc.property(fc.constantFrom(...spoiltSteps), fc.constantFrom(...requests), spoilt("/etc/x"), (step, request, text) => {
        const plain = wordsOf(step("p"));
        let words = plain;
        try {
          words = wordsOf(step(text));
        } catch (error) {
          expect(error).to.be.instanceOf(RangeError);
        }
        expect(words, `the fields of ${JSON.stringify(step(text)).slice(0, 300)}`).to.equal(plain);
        let line: string | undefined;
        try {
          line = encodeRequests([request(text)]).toString("latin1");
        } catch (error) {
          expect(error).to.be.instanceOf(RangeError);
        }
        if (line !== undefined) expect(line).to.match(/^[ -~]+\n$/);
      }),
      runs(1000, 1),
    );
  });

  describe("in the settings", () => {
    const directory = mkdtempSync(join(tmpdir(), "pve-posture-hostile-"));
    const at = (name: string) => join(directory, name);
    after(() => rmSync(directory, { recursive: true, force: true }));
    const secret = "s3cr3t-s3cr3t";
    // most wait for a name or an answer that does not come
    const several = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 20, maxLength: 20 });
    const together = async (all: Promise<unknown>[]) => {
      for (const result of await Promise.allSettled(all)) if (result.status === "rejected") throw result.reason;
    };

    /** Says hello to a node as it is named in the settings; what keeps from it is told, and given back. */
    async function reach(name: string, nodes: Props, sshConfig: string, about: string): Promise<string | undefined> {
      const env = { PVE_POSTURE_NODES: JSON.stringify(nodes), PVE_POSTURE_SSH_CONFIG: sshConfig, PVE_POSTURE_CONNECT_TIMEOUT_SECONDS: "1" };
      let pool: NodePool | undefined;
      try {
        pool = new NodePool(readSettings(() => undefined, env));
        expect((await pool.run(name, "echo hello", Buffer.alloc(0))).stdout.toString()).to.equal("hello\n");
      } catch (error) {
        expectTold(error, about);
        const { message } = error as PostureError;
        expect(message).not.to.contain(secret).and.not.to.contain("PRIVATE KEY-----\n");
        return message;
      } finally {
        noCanary(process.cwd(), world.node.root);
        await pool?.close();
      }
      return undefined;
    }

    it("it is refused, or gets no further than a name", async () => {
      const { settings } = world.node;
      writeFileSync(at("key"), settings.privateKey, { mode: 0o600 });
      writeFileSync(at("known_hosts"), `[127.0.0.1]:${settings.port} ${settings.hostKey}\n`);
      const values: Required<{ [K in keyof NodeSettings]: unknown }> = {
        host: "127.0.0.1", port: settings.port, user: "root", privateKey: settings.privateKey, privateKeyFile: at("key"), passphrase: secret, password: secret,
        agent: at("agent"), hostKey: settings.hostKey, knownHostsFile: at("known_hosts"), sudo: false,
      };
      const changed = fc.constantFrom(...Object.keys(values)).chain((key) => hostile(values[key as keyof NodeSettings]).map((value) => ({ key, value })));
      const config = ["none", at("config")];
      writeFileSync(at("config"), "Host *\n  ProxyCommand true %h %n %p %r\n");
      expect(await reach("pve", { pve: settings }, "none", "what is valid")).to.equal(undefined);
      const named = (command: string) => [
        ...["host", "user"].map((key) => reach("pve", { pve: { ...settings, [key]: `x${command}` } }, at("config"), command)),
        reach(`x${command}`, {}, at("config"), command),
      ];
      await together(commands.flatMap(named));
      await fc.assert(
        fc.asyncProperty(several(changed), fc.constantFrom(...config), (all, sshConfig) =>
          together(all.map(({ key, value }) => reach("pve", { pve: { ...settings, [key]: value } }, sshConfig, `${key} ${JSON.stringify(value).slice(0, 200)}`))),
        ),
        runs(2, 200),
      );
      await fc.assert(
        fc.asyncProperty(several(spoilt("root@pve:22")), fc.constantFrom(...config), (names, sshConfig) =>
          together(names.map((name) => reach(name, { [name]: { ...settings, host: undefined } }, sshConfig, JSON.stringify(name).slice(0, 200)))),
        ),
        runs(1, 200),
      );
    });

    it("nor do ssh_config and known_hosts", async () => {
      const { settings } = world.node;
      writeFileSync(at("key"), settings.privateKey, { mode: 0o600 });
      const known = `[127.0.0.1]:${settings.port} ${settings.hostKey}\n`;
      const lines = [
        "Host pve", "HostName 127.0.0.1", `Port ${settings.port}`, "User root", `IdentityFile ${at("key")}`, `UserKnownHostsFile ${at("known_hosts")}`, "BindAddress 127.0.0.1", "ServerAliveInterval 5",
        `CertificateFile ${at("none")}`, `Include ${at("none")}`, "IdentityAgent none", "PreferredAuthentications publickey", "HostKeyAlgorithms ssh-ed25519", "ProxyJump none",
      ];
      const text = fc.nat(lines.length - 1).chain((i) => spoilt(lines[i]!).map((line) => lines.with(i, line).join("\n")));
      writeFileSync(at("config"), lines.join("\n"));
      writeFileSync(at("known_hosts"), known);
      expect(await reach("pve", {}, at("config"), "what is valid")).to.equal(undefined);
      // what follows ProxyCommand is a command: one that a payload begins would be a person's own
      const harmless = text.filter((config) => !/proxycommand|match/i.test(config));
      await fc.assert(
        fc.asyncProperty(harmless, fc.oneof(fc.constant(known), spoilt(known)), async (config, hosts) => {
          writeFileSync(at("config"), config);
          writeFileSync(at("known_hosts"), hosts);
          await reach("pve", {}, at("config"), JSON.stringify([config.slice(0, 400), hosts.slice(0, 200)]));
        }),
        runs(60, 20),
      );
    });
  });

  it("of a node that lies reaches neither a shell nor the terminal", async () => {
    const { node } = world;
    for (const program of ["apparmor_parser", "pct", "mktemp"]) {
      const file = `/.stand-ins/bin/${program}`;
      const real = await node.read(file);
      if (real !== undefined) await node.write(`/real-${program}`, { content: real, mode: 0o755 });
      const next = real === undefined ? `PATH=/usr/bin:/bin exec ${program}` : `exec "$PVE_POSTURE_ROOT/real-${program}"`;
      await node.write(file, { content: `#!/bin/sh\n[ ! -e "$PVE_POSTURE_ROOT/lie-${program}" ] || { cat "$PVE_POSTURE_ROOT/lie-${program}" >&2; exit 1; }\n${next} "$@"\n`, mode: 0o755 });
    }
    const information = "/proc/driver/nvidia/gpus/0000:01:00.0/information";
    const nvidia = (await node.read(information))!;
    const dpkg = (await node.read("/var/lib/dpkg/status"))!;
    type Lie = [what: string, path: string, text: (lie: string) => string];
    const security = examples["LxcContainerSecurity"]![0]!.of;
    const stays = `unprivileged: 1\nmp0: /srv,mp=/m\n`;
    const lies: Lie[] = [
      ["a lock", confPath, (lie) => `lock: ${lie}\n${stays}`],
      ["a line in the way", confPath, (lie) => `${stays}lxc.cap.drop: ${lie}\nlxc.apparmor.profile: ${lie}\nlxc.cgroup2.devices.allow: ${lie}\nfeatures: mount=${lie}\n`],
      ["a network", confPath, (lie) => `${stays}net0: ${lie}\nnet1: name=${lie},firewall=0\n[pve:pending]\ndelete: ${lie}\nfeatures: ${lie}\n`],
      ["a map", confPath, (lie) => `${stays}lxc.idmap: ${lie}\n`],
      ["no container", "/etc/pve/nodes/pve/x", (lie) => lie],
      ["a firewall", "/etc/pve/firewall/951.fw", (lie) => `[RULES]\nIN ${lie}\nGROUP ${lie} # ${lie}\n[OPTIONS]\nenable: ${lie}\n`],
      ["its name", "/etc/hostname", (lie) => lie],
      ["its id", "/etc/machine-id", (lie) => lie],
      ["the kernel's list", kernelList, (lie) => `lxc-a (${lie})\n${lie} (enforce)\nlxc-h (${lie})\n`],
      ["a profile", "/etc/apparmor.d/lxc-h", (lie) => `profile lxc-h {\n  /x${lie} r,\n}\n`],
      ["two profiles", "/etc/apparmor.d/lxc-h", (lie) => `profile lxc-h {\n}\nprofile "${lie.replace(/["\n]/g, "")}" {\n}\n`],
      ["its package", "/var/lib/dpkg/status", (lie) => dpkg.replace("6.1.10", lie)],
      ["its GPUs", information, (lie) => nvidia.replace("NVIDIA GeForce", lie).replace(/GPU-\S+/, lie)],
      ["its devices", "/proc/devices", (lie) => `Character devices:\n195 ${lie}\n${lie} nvidia\n`],
      ["its compiler's words", "/lie-apparmor_parser", (lie) => lie],
      ["pct's words", "/lie-pct", (lie) => lie],
      ["a shell's words", "/lie-mktemp", (lie) => lie],
    ];
    const everything: [kind: unknown, inputs: Props][] = [[lxcContainerSecurity, security], [appArmorProfile, examples["AppArmorProfile"]![0]!.of], [gpuPassthrough, examples["GpuPassthrough"]![0]!.of]];
    const sane = new Map(await Promise.all(lies.map(async ([, path]) => [path, await node.readBytes(path)] as const)));
    const restore = async () => {
      for (const [path, bytes] of sane) await (bytes === undefined ? node.remove(path) : node.write(path, bytes));
      await node.remove("/etc/pve/firewall/951.fw");
      await node.remove("/etc/apparmor.d/lxc-h");
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...lies), spoilt("1"), async ([what, path, text], lie) => {
        await node.write(path, text(lie));
        const tell = (work: Promise<unknown>) => work.catch((error: unknown) => expectTold(error, `${what} ${JSON.stringify(lie).slice(0, 200)}`));
        await Promise.all(
          everything.map(async ([kind, declared]) => {
            const inputs = path === "/lie-pct" && "raw" in declared ? { ...declared, restart: "always", restartTimeoutSeconds: 1 } : declared;
            const resource = world.of(kind);
            await tell(resource.check({}, { ...inputs, __preview: true }));
            const made = (await tell(resource.create(inputs))) as { id: string; outs: Props } | undefined;
            if (!made) return;
            await tell(resource.read(made.id, made.outs));
            await tell(resource.diff(made.id, made.outs, { ...inputs, __preview: true }));
            await tell(resource.delete(made.id, made.outs));
          }),
        );
        noCanary(node.root);
        for (const line of said.splice(0)) expectPrintable(line, `printed of ${what}`);
        await restore();
      }),
      runs(6, 100),
    );
  });
});
