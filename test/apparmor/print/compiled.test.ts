import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect } from "chai";
import { format, print } from "../../../provider/apparmor/print/index.js";
import { parse } from "../../../provider/apparmor/syntax/index.js";
import { compilerFor, compilers, type Compiler } from "../../support/compilers.js";

const corpus = join(__dirname, "../../../../shared/corpus/apparmor/pve-generated.jsonl.gz");

const variants: Record<string, (text: string) => string> = {
  print: (text) => print(read(text), { sort: false }),
  format: (text) => format(text).text,
};

function read(text: string) {
  const file = parse(text);
  const document = file.errors.length > 0 ? parse(text, { context: "fragment" }) : file;
  expect(document.errors).to.deep.equal([]);
  return document.statements;
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isDirectory() ? filesBelow(path) : stat?.isFile() ? [path] : [];
  });
}

const isProfile = (name: string): boolean => !/^(?:abi|abstractions|tunables|local|disable|force-complain)\//.test(name);

/** By the name within the tree: the hash of what it compiles to, undefined where the compiler takes no text of it. */
async function policies(compiler: Compiler, tree: string): Promise<Map<string, string | undefined>> {
  const names = filesBelow(tree).map((path) => relative(tree, path)).filter(isProfile);
  const hashes = await Promise.all(names.map((name) => compiler.policy(readFileSync(join(tree, name), "utf8"), tree)));
  return new Map(names.map((name, at) => [name, hashes[at]]));
}

/**
 * Some profiles compile to one of some twenty policies, whichever way the compiler's memory lies: they differ in the order of
 * their exec transitions. Two texts are the same when they come to the same once.
 */
async function comeToTheSame(compiler: Compiler, name: string, trees: [string, string]): Promise<boolean> {
  const seen = trees.map(() => new Set<string | undefined>());
  for (let round = 0; round < 30; round++) {
    const hashes = await Promise.all(trees.map((tree) => compiler.policy(readFileSync(join(tree, name), "utf8"), tree)));
    hashes.forEach((hash, at) => seen[at]!.add(hash));
    if (hashes.some((hash, at) => hash !== undefined && seen[1 - at]!.has(hash))) return true;
  }
  return false;
}

describe("printed and formatted profiles, as apparmor_parser compiles them", function () {
  this.timeout(600_000);
  // one at least, so that a machine without any says so
  for (const language of new Set(["4.1" as const, ...compilers().map((one) => one.language)])) {
    describe(language, () => {
      let work: string;
      let compiler: Compiler;
      let original: Map<string, string | undefined>;

      before(async function () {
        compiler = compilerFor(language, this);
        work = mkdtempSync(join(tmpdir(), "pve-posture-print-"));
        const tree = join(work, "original");
        cpSync(compiler.profiles, tree, { recursive: true, dereference: true });
        if (existsSync(corpus)) {
          for (const line of gunzipSync(readFileSync(corpus)).toString().trim().split("\n")) {
            const { name, text } = JSON.parse(line) as { name: string; text: string };
            // an abi that only Proxmox VE's lxc package has
            writeFileSync(join(tree, name), text.replace("abi <abi/lxc>,", "abi <abi/3.0>,"));
          }
        }
        // it includes a whole directory of profiles, in the order of the disk: one after the other here
        rmSync(join(tree, "lxc-containers"), { force: true });
        for (const name of existsSync(join(tree, "lxc")) ? readdirSync(join(tree, "lxc")) : []) {
          writeFileSync(join(tree, `of-${name}`), `include <tunables/global>\ninclude <lxc/${name}>\n`);
        }
        // as the packages do when they are installed
        mkdirSync(join(tree, "local"), { recursive: true });
        for (const name of readdirSync(tree)) if (!existsSync(join(tree, "local", name))) writeFileSync(join(tree, "local", name), "");
        original = await policies(compiler, tree);
        expect([...original.values()].filter(Boolean)).to.have.length.greaterThan(2);
      });

      after(() => {
        if (work) rmSync(work, { recursive: true, force: true });
      });

      for (const [what, change] of Object.entries(variants)) {
        it(`${what}: the same policy`, async () => {
          const tree = join(work, what);
          cpSync(join(work, "original"), tree, { recursive: true });
          // features of kernels, not profiles
          for (const path of filesBelow(tree).filter((each) => !relative(tree, each).startsWith("abi/"))) writeFileSync(path, change(readFileSync(path, "utf8")));
          const after = await policies(compiler, tree);
          const compiled = [...original].filter(([, hash]) => hash !== undefined);
          const different: string[] = [];
          for (const [name, hash] of compiled) {
            if (after.get(name) !== hash && !(await comeToTheSame(compiler, name, [join(work, "original"), tree]))) different.push(name);
          }
          expect(different).to.deep.equal([]);
          const others = [...original].flatMap(([name, hash]) => (hash === undefined ? [name] : []));
          console.log(`        ${compiled.length} of ${original.size} profiles compile, and to the same; not ${others.join(", ") || "one"}`);
        });
      }
    });
  }
});
