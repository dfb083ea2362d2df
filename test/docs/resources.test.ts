import { expect } from "chai";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import type { z } from "zod";
import { appArmorProfileInputs } from "../../schemas/apparmor-profile.js";
import { gpuPassthroughInputs } from "../../schemas/gpu-passthrough.js";
import { lxcContainerSecurityInputs, type LxcContainerSecurityInputs } from "../../schemas/lxc-container-security.js";
import * as apparmor from "../../provider/apparmor/build/index.js";
import { fromBytes } from "../../provider/bytes.js";
import { firewallLines } from "../../provider/container/firewall.js";
import { exclusiveFamilies, postureLines } from "../../provider/container/posture.js";
import type { DeviceNode } from "../../provider/devices/discovery.js";
import { devLines, rawLines } from "../../provider/devices/entries.js";
import { standardDeviceRules } from "../../provider/devices/standard.js";
import { defaultBase, defaultSize, eachType, parseShiftJournal } from "../../provider/idmap/index.js";
import * as idmap from "../../provider/idmap/public.js";
import { encodeShift } from "../../provider/node/shift.js";
import { appArmorProfile } from "../../provider/plan/apparmor-profile.js";
import { planConf } from "../../provider/plan/container.js";
import { firewallPath, planFirewall } from "../../provider/plan/firewall.js";
import { gpuPassthrough } from "../../provider/plan/gpu-passthrough.js";
import { lxcContainerSecurity } from "../../provider/plan/lxc-container-security.js";
import { kernelList, Model, Resource } from "../plan/model.js";

const root = join(__dirname, "../..");
const folder = join(root, "docs/resources");
const pages = readdirSync(folder).filter((name) => name.endsWith(".md"));
const textOf = (page: string): string => readFileSync(join(folder, page), "utf8");

// --- pages -------------------------------------------------------------------------------------------------------------

type Row = Record<string, string>;
interface Table {
  header: string[];
  rows: Row[];
}

const cells = (line: string): string[] => line.slice(1, line.lastIndexOf("|")).split("|").map((cell) => cell.trim());

function tablesOf(text: string): Table[] {
  const blocks = text.split("\n\n").map((block) => block.split("\n").filter((line) => line.startsWith("|")));
  return blocks.filter(({ length }) => length > 2).map(([head, , ...rows]) => {
    const header = cells(head!);
    for (const row of rows) expect(cells(row), row).to.have.length(header.length);
    return { header, rows: rows.map((row) => Object.fromEntries(cells(row).map((cell, i) => [header[i]!, cell]))) };
  });
}

const tablesWith = (text: string, ...header: string[]): Row[] =>
  tablesOf(text).filter((table) => table.header.join() === header.join()).flatMap(({ rows }) => rows);
const inputRows = (text: string): Row[] => tablesWith(text, "Input", "Type", "Default", "Effect", "Replaces");
const outputRows = (text: string): Row[] => tablesWith(text, "Output", "Type", "Meaning");

const spans = (cell: string): string[] => (cell.startsWith("`") ? [...cell.matchAll(/`([^`]+)`/g)].map(([, span]) => span!) : []);
const names = (rows: readonly Row[], column: string): string[] => rows.map((row) => spans(row[column]!)[0]!);

function fences(text: string, language: string): string[] {
  return [...text.matchAll(/^```([^\n]*)\n([^]*?)^```$/gm)].flatMap(([, of, body]) => (of === language ? [body!] : []));
}

/** The only block of this language; undefined where there is none. */
function fence(text: string, language: string): string | undefined {
  const found = fences(text, language);
  expect(found, language).to.have.length.below(2);
  return found[0];
}

/** What an example declares: it is run as it stands, with classes that only take notes. */
function declaredBy(example: string): { kind: string; args: Record<string, unknown> }[] {
  const made: { kind: string; args: Record<string, unknown> }[] = [];
  const recorder = (kind: string) =>
    class {
      readonly live = { apply: () => undefined };
      readonly profiles = {};
      readonly deviceRules = { apply: (rules: (found: unknown[]) => unknown) => rules([]) };
      constructor(_name: string, args: Record<string, unknown>) {
        made.push({ kind, args });
        Object.assign(this, args);
      }
    };
  const modules: Record<string, object> = {
    "pve-posture": { apparmor, idmap, standardDeviceRules, ...Object.fromEntries(kinds.map(([, kind]) => [kind, recorder(kind)])) },
    "node:fs": { readFileSync: () => "" },
  };
  const { outputText } = ts.transpileModule(example, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } });
  Function("require", "exports", outputText)((name: string) => modules[name], {});
  return made;
}

/** The inputs that the example of a page or section gives to a resource of a kind. */
const argsIn = (text: string, kind: string): Record<string, unknown> => declaredBy(fence(text, "ts")!).findLast((one) => one.kind === kind)!.args;
const inputsIn = (text: string): LxcContainerSecurityInputs => lxcContainerSecurityInputs.parse(argsIn(text, "LxcContainerSecurity"));

// --- schemas -----------------------------------------------------------------------------------------------------------

interface Key {
  path: string;
  required: boolean;
}

/** Every key of a schema, those of entries as `a[].b` and `a.*.b`. */
function keysOf(schema: unknown, path = ""): Key[] {
  const { def } = schema as { def: { type: string; innerType?: unknown; element?: unknown; valueType?: unknown; options?: unknown[]; shape?: Record<string, z.ZodType> } };
  switch (def.type) {
    case "optional": return keysOf(def.innerType, path);
    case "array": return keysOf(def.element, `${path}[]`);
    case "record": return keysOf(def.valueType, `${path}.*`);
    case "union": return def.options!.flatMap((option) => keysOf(option, path));
    case "object":
      return Object.entries(def.shape!).flatMap(([key, inner]) => {
        const at = path === "" ? key : `${path}.${key}`;
        return [{ path: at, required: (inner as unknown as { def: { type: string } }).def.type !== "optional" }, ...keysOf(inner, at)];
      });
    default: return [];
  }
}

/** The keys that a value has, in the same form. */
function pathsIn(value: unknown, known: ReadonlySet<string>, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => pathsIn(entry, known, `${path}[]`));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const own = path === "" ? key : `${path}.${key}`;
    return known.has(own) ? [own, ...pathsIn(inner, known, own)] : pathsIn(inner, known, `${path}.*`);
  });
}

// --- declarations of provider/resources ----------------------------------------------------------------------------------

const resources = join(root, "provider/resources");
const sources = readdirSync(resources).map((name) =>
  ts.createSourceFile(name, readFileSync(join(resources, name), "utf8"), ts.ScriptTarget.Latest, true),
);
const statements = sources.flatMap(({ statements }) => [...statements]);
const interfaces = new Map(statements.filter(ts.isInterfaceDeclaration).map((one) => [one.name.text, one]));
const classes = new Map(statements.filter(ts.isClassDeclaration).map((one) => [one.name!.text, one]));

interface Property {
  name: string;
  type: string;
}

const propertiesOf = (members: readonly (ts.ClassElement | ts.TypeElement)[]): Property[] =>
  members.flatMap((one) => (ts.isPropertyDeclaration(one) || ts.isPropertySignature(one) ? [{ name: one.name.getText(), type: one.type?.getText() ?? "" }] : []));

/** The outputs that a class declares, its own and those of every resource; those of a type of ours with its keys. */
function outputsOf(kind: string, inputs: readonly string[]): string[] {
  const own = classes.get(kind)!;
  const base = own.heritageClauses?.[0]?.types[0]?.getText();
  const all = [own, ...(base === "PostureResource" ? [classes.get(base)!] : [])].flatMap(({ members }) => propertiesOf(members));
  return all.filter(({ name }) => !inputs.includes(name)).flatMap(({ name, type }) => {
    const inner = [...interfaces].find(([known]) => new RegExp(`\\b${known}\\b`).test(type))?.[1];
    const path = /\[\]/.test(type) ? `${name}[]` : name;
    return [name, ...(inner ? propertiesOf(inner.members).map((key) => `${path}.${key.name}`) : [])];
  });
}

// --- tests ---------------------------------------------------------------------------------------------------------------

const container = "lxc-container-security.md";
const profileKeys = keysOf(appArmorProfileInputs);
const clusterKeys: Key[] = [
  ...propertiesOf(interfaces.get("ClusterAppArmorProfileArgs")!.members).map(({ name }) => ({ path: name, required: true })),
  ...profileKeys.filter(({ path }) => path !== "node"),
];

const kinds: [page: string, kind: string, inputs: Key[], replaceOn: readonly string[]][] = [
  ["apparmor-profile.md", "AppArmorProfile", profileKeys, appArmorProfile.replaceOn],
  ["cluster-apparmor-profile.md", "ClusterAppArmorProfile", clusterKeys, appArmorProfile.replaceOn],
  ["gpu-passthrough.md", "GpuPassthrough", keysOf(gpuPassthroughInputs), gpuPassthrough.replaceOn],
  [container, "LxcContainerSecurity", keysOf(lxcContainerSecurityInputs), lxcContainerSecurity.replaceOn],
];

/** What a cell of an input means; the builder of maps may be used in it. */
function valueOf(span: string): Record<string, unknown> {
  const { outputText } = ts.transpileModule(`return {${span}};`, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  return (Function("idmap", outputText) as (of: typeof idmap) => Record<string, unknown>)(idmap);
}

const inputsOf = (span: string): LxcContainerSecurityInputs => lxcContainerSecurityInputs.parse({ node: "pve1", vmid: 951, ...valueOf(span) });

const linesIn = (cell: string): string[] => {
  if (!cell.startsWith("`")) expect(cell, "a cell without lines").to.match(/^none(?::|$)/);
  return spans(cell);
};

const codes = [...(/type ErrorCode =([^]*?)";\n/.exec(readFileSync(join(root, "provider/errors.ts"), "utf8"))![1]! + '"').matchAll(/^\s*\| "([a-z-]+)"/gm)].map(([, code]) => code!);
const codesIn = (page: string): string[] => names(tablesWith(textOf(page), "Code", "When", "What to do"), "Code");

describe("docs/resources", function () {
  this.timeout(60_000);

  it("has a page for each resource, and the index names them all", () => {
    const exported = [...classes.keys()].filter((name) => name !== "PostureResource");
    expect(kinds.map(([, kind]) => kind)).to.have.members(exported);
    expect(pages).to.have.members(["README.md", ...kinds.map(([page]) => page)]);
    expect(tablesWith(textOf("README.md"), "Resource", "What it declares").map((row) => row["Resource"])).to.have.members(kinds.map(([page, kind]) => `[${kind}](${page})`));
  });

  it("say what to do with every error code", () => {
    expect([...new Set(pages.flatMap(codesIn))]).to.have.members(codes);
  });

  for (const [page, kind, inputs, replaceOn] of kinds) {
    describe(page, () => {
      const text = textOf(page);

      it("has a row for every input, and no other", () => {
        expect(names(inputRows(text), "Input")).to.have.members(inputs.map(({ path }) => path));
      });

      it("says which inputs are required, and which replace the resource", () => {
        for (const row of inputRows(text)) {
          const name = spans(row["Input"]!)[0]!;
          expect(row["Default"] === "required", `${name}: required`).to.equal(inputs.find(({ path }) => path === name)!.required);
          expect(row["Replaces"], `${name}: replaces`).to.equal(name === "node" ? "another machine" : replaceOn.includes(name) ? "yes" : "no");
        }
      });

      it("has a row for every output, and no other", () => {
        const known = kind === "ClusterAppArmorProfile" ? [] : inputs.map(({ path }) => path);
        expect(names(outputRows(text), "Output")).to.have.members(outputsOf(kind, known));
        const declared = propertiesOf(classes.get(kind)!.members).map(({ name }) => name);
        if (known.length > 0) expect(declared, "each input is an output").to.include.members(known.filter((path) => !/[[.]/.test(path)));
      });

      it("names error codes that there are", () => {
        expect(codes).to.include.members(codesIn(page));
      });

      it("links to what is there", () => {
        for (const [, file, anchor] of text.matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g)) {
          const target = readFileSync(file ? join(folder, file) : join(folder, page), "utf8");
          const anchors = [...target.matchAll(/^#+ (.*)$/gm)].map(([, title]) => title!.toLowerCase().replaceAll(" ", "-"));
          if (anchor !== undefined) expect(anchors, file).to.include(anchor);
        }
      });
    });
  }

  describe("lines of a container", () => {
    const text = textOf(container);
    const rows = tablesWith(text, "Input", "Lines");

    for (const row of rows) {
      const input = spans(row["Input"]!)[0]!;
      it(input, () => {
        const inputs = inputsOf(input);
        expect([...postureLines(inputs), ...firewallLines(inputs.firewall ?? {})]).to.deep.equal(linesIn(row["Lines"]!));
      });
    }

    it("are there for every input", () => {
      const known = keysOf(lxcContainerSecurityInputs).map(({ path }) => path);
      const shown = new Set(rows.flatMap((row) => pathsIn(valueOf(spans(row["Input"]!)[0]!), new Set(known))));
      expect(known.filter((path) => !shown.has(path))).to.deep.equal(["node", "vmid"]);
    });

    const changes = tablesWith(text, "There before", "Input", "Then");
    for (const { "There before": before, Input: input, Then: then } of changes) {
      it(`${input} where ${before} is there`, () => {
        const inputs = inputsOf(spans(input!)[0]!);
        const file = `arch: amd64\n${spans(before!).map((line) => `${line}\n`).join("")}`;
        const { step } = planConf(951, file, { lines: postureLines(inputs), exclusive: exclusiveFamilies(inputs) }, undefined);
        expect(step?.after ?? file).to.equal(["arch: amd64", ...linesIn(then!), ""].join("\n"));
      });
    }
    it("are there of lines that were there before", () => expect(changes).to.have.length.above(5));
  });

  describe("what a container has after an example", () => {
    const sections = textOf(container).split(/^(?=## )/m).filter((section) => fences(section, "ts").length > 0);
    for (const section of sections) {
      it(section.split("\n")[0]!.replace(/^#+ /, ""), () => {
        const inputs = inputsIn(section);
        const before = fence(section, "conf before") ?? "";
        const { step } = planConf(951, before, { lines: postureLines(inputs), exclusive: exclusiveFamilies(inputs) }, undefined);
        expect(fence(section, "conf") ?? before, "its configuration").to.equal(step?.after ?? before);
        const model = new Model({ [firewallPath(951)]: fence(section, "conf fw before") });
        expect(fence(section, "conf fw"), "its firewall").to.equal(planFirewall(951, model, firewallLines(inputs.firewall ?? {}), undefined).step?.after);
      });
    }
    it("in every section", () => expect(sections).to.have.lengthOf(8));
  });

  describe("what a node has beside it", () => {
    const section = (title: string): string => textOf(container).split(/^(?=## )/m).find((one) => one.startsWith(`## ${title}\n`))!;
    const running = { "/sys/fs/cgroup/lxc/951/cgroup.procs": "" };
    const conf = "arch: amd64\nrootfs: local-zfs:subvol-951-disk-0,size=8G\nunprivileged: 1\n";
    const from = eachType([{ type: "both" as const, container: 0, host: defaultBase, count: defaultSize }]);

    it("while owners are shifted", () => {
      const text = section("Ids");
      const request = encodeShift({ do: "shift", vmid: 951, from, to: inputsIn(text).idmap as idmap.Entry[], binds: [], volumes: [] }).toString();
      const journal = `${request.split("\n").filter((line) => /^(?:from|to|move|via) /.test(line)).join("\n")}\nphase 1\n`;
      expect(fence(text, "text journal")).to.equal(journal);
      expect(parseShiftJournal(journal)).to.deep.include({ from, phase: 1 });
    });

    it("when ids are granted, and what is announced", () => {
      const text = section("Ids");
      const files = { "/etc/subuid": "root:100000:65536\n", "/etc/subgid": "root:100000:65536\n", "owner 951": "100000 100000" };
      const plan = lxcContainerSecurity.plan(inputsIn(text), undefined, Model.container(951, conf, files));
      const shown = (path: string) => plan.changes.filter((change) => change.path.startsWith(path));
      const added = (path: string) => shown(path).flatMap(({ lines }) => lines).map(({ text }) => `${text}\n`).join("");
      expect([added("/etc/subuid"), added("/etc/subgid")]).to.deep.equal([fence(text, "text subuid"), fence(text, "text subgid")]);
      const [owners] = shown("owners of");
      expect(fence(text, "text preview")).to.equal([owners!.path, ...owners!.lines.map((line) => `  ${line.sign} ${fromBytes(line.text)}`), ""].join("\n"));
    });

    it("when it runs", () => {
      const text = section("Running containers");
      const shown = JSON.parse(fence(text, "json")!) as { live: { pid: number } };
      const live = `pid ${shown.live.pid}\nstarted 1\nlabel lxc-951_</var/lib/lxc> (enforce)\nowner 100000 100000\nu 0 100000 65536\ng 0 100000 65536\n`;
      const resource = new Resource(lxcContainerSecurity, Model.container(951, conf, { ...running, "live 951": live, [kernelList]: "lxc-web (enforce)\n" }));
      resource.up({ ...inputsIn(text), restart: "never" });
      expect(shown).to.deep.equal(Object.fromEntries(Object.keys(shown).map((key) => [key, resource.state![key as keyof typeof resource.state]])));
    });

    it("when a profile is deployed", () => {
      const text = textOf("apparmor-profile.md");
      const { profile, ...args } = argsIn(text, "AppArmorProfile");
      const model = new Model({ [kernelList]: "" });
      const resource = new Resource(appArmorProfile, model);
      resource.up(appArmorProfileInputs.parse({ ...args, profile: apparmor.toText(profile as apparmor.ProfileFile) }));
      expect(fence(text, "text node")).to.equal(`${resource.state!.path}\n${model.file(kernelList)}`);
    });
  });

  it("the lines of a GPU are those that are made of it", () => {
    const text = textOf("gpu-passthrough.md");
    const nodes = [["nvidia0", 195, 0], ["nvidiactl", 195, 255], ["nvidia-uvm", 510, 0], ["nvidia-uvm-tools", 510, 1]] as const;
    const found = nodes.map(([name, major, minor]): DeviceNode => ({ path: `/dev/${name}`, major, minor, exists: true }));
    const lines = (language: string) => fences(text, language).flatMap((body) => body.trimEnd().split("\n"));
    expect(lines("conf dev")).to.deep.equal(devLines(found, {}, [], []));
    expect(lines("conf raw")).to.deep.equal(rawLines(found));
  });

  it("every example type-checks", () => {
    const examples = new Map(pages.flatMap((page) => fences(textOf(page), "ts").map((body, i): [string, string] => [join(folder, `${page}-${i + 1}.ts`), body])));
    expect(examples.size).to.be.above(9);
    // the wire between Pulumi's processes is no part of any example, and takes long to read
    const nothing = join(folder, "nothing.d.ts");
    const texts = new Map([...examples, [nothing, "declare const any: any; export = any;"]]);
    const paths = { "pve-posture": [join(root, "provider/index.ts")], "@grpc/*": [nothing], "google-protobuf": [nothing], "google-protobuf/*": [nothing] };
    const config = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path)).config as { compilerOptions: object };
    const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, noEmit: true, rootDir: undefined, paths }, root);
    const host = ts.createCompilerHost(options);
    host.jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
    const { getSourceFile, fileExists, readFile } = host;
    host.fileExists = (path) => texts.has(path) || fileExists(path);
    host.readFile = (path) => texts.get(path) ?? readFile(path);
    host.getSourceFile = (path, languageVersion, ...rest) => {
      const body = texts.get(path);
      return body === undefined ? getSourceFile(path, languageVersion, ...rest) : ts.createSourceFile(path, body, languageVersion);
    };
    const program = ts.createProgram([...examples.keys()], options, host);
    expect(program.getSourceFile(join(root, "provider/index.ts")), "the library's source").to.not.equal(undefined);
    const problems = [...examples.keys()].flatMap((path) => {
      const source = program.getSourceFile(path)!;
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        (one) => `${path.slice(dirname(path).length + 1)}:${source.getLineAndCharacterOfPosition(one.start ?? 0).line + 1}: ${ts.flattenDiagnosticMessageText(one.messageText, "\n")}`,
      );
    });
    expect(problems).to.deep.equal([]);
  });
});
