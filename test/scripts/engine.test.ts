import { expect } from "chai";
import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const script = resolve("scripts/engine.mjs");
const pulumi = '#!/bin/sh\n[ "$1" = version ] && echo v3.1.0\n';
const empty = "#!/bin/sh\n";

/** A home directory and a PATH with next to nothing on it. */
class Place {
  readonly root = mkdtempSync(join(tmpdir(), "pve-posture-engine-"));
  readonly bin = join(this.root, "bin");
  readonly cache = join(this.root, "cache");
  path = [this.bin];

  constructor() {
    mkdirSync(this.bin);
    symlinkSync(process.execPath, join(this.bin, "node"));
    for (const name of ["sh", "cat", "mkdir", "chmod", "sleep"]) {
      const [at] = ["/bin", "/usr/bin"]
        .map((directory) => join(directory, name))
        .filter((file) => existsSync(file));
      if (at) symlinkSync(at, join(this.bin, name));
    }
  }

  program(directory: string, name: string, text: string): void {
    mkdirSync(join(this.root, directory), { recursive: true });
    writeFileSync(join(this.root, directory, name), text);
    chmodSync(join(this.root, directory, name), 0o755);
  }

  engine(directory: string, parts = ["pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"]): void {
    this.program(directory, "pulumi", pulumi);
    for (const part of parts) this.program(directory, part, empty);
  }

  /** A Go that takes its time and "builds" what it is asked for; an npm that reaches nothing. */
  tools(): void {
    this.program("bin", "npm", "#!/bin/sh\necho unreachable >&2\nexit 1\n");
    this.program(
      "bin",
      "go",
      `#!/bin/sh
echo "$*" >> '${this.root}/built'
sleep 0.3
while [ "$1" != -o ]; do shift; done
mkdir -p "\${2%/*}"
printf '#!/bin/sh\\necho v3.230.0\\n' > "$2"
chmod 755 "$2"
`,
    );
  }

  run(): Promise<{ code: number; dir: string; log: string }> {
    const env = { PATH: this.path.join(":"), HOME: this.root, PVE_POSTURE_CACHE: this.cache };
    return new Promise((done) =>
      execFile(process.execPath, [script], { env, cwd: this.root }, (error, stdout, stderr) =>
        done({ code: error ? Number(error.code) : 0, dir: stdout.trim(), log: stderr }),
      ),
    );
  }
}

describe("finding an engine", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => rmSync(place.root, { recursive: true, force: true }));

  it("takes a whole one from PATH", async () => {
    place.engine("on path");
    place.engine(".pulumi/bin");
    place.path.push(join(place.root, "on path"));
    expect(await place.run()).to.include({ code: 0, dir: join(place.root, "on path") });
    expect(existsSync(place.cache), "nothing to do there").to.be.false;
  });

  it("takes parts that lie elsewhere on PATH", async () => {
    place.engine("a", []);
    place.program("b", "pulumi-language-nodejs", empty);
    place.program("b", "pulumi-resource-pulumi-nodejs", empty);
    place.path.push(join(place.root, "a"), join(place.root, "b"));
    expect((await place.run()).dir).to.equal(join(place.root, "a"));
  });

  it("passes by what doesn't run and what lacks the language host", async () => {
    place.program("broken", "pulumi", "#!/bin/sh\nexit 1\n");
    place.program("broken", "pulumi-language-nodejs", empty);
    place.engine("alone", []);
    place.engine(".pulumi/bin");
    place.path.push(join(place.root, "broken"));
    const found = await place.run();
    expect(found.dir).to.equal(join(place.root, ".pulumi/bin"));
    expect(found.log).to.contain("broken/pulumi: doesn't run");
    place.path = [place.bin, join(place.root, "alone")];
    expect((await place.run()).log).to.contain("alone/pulumi: without a pulumi-language-nodejs");
  });

  it("adds a launcher to an engine without one", async () => {
    place.engine(".pulumi/bin", ["pulumi-language-nodejs"]);
    const { dir } = await place.run();
    expect(readdirSync(dir).sort()).to.deep.equal([
      "pulumi",
      "pulumi-language-nodejs",
      "pulumi-resource-pulumi-nodejs",
    ]);
    expect((await place.run()).dir, "the second time").to.equal(dir);
  });

  it("builds one into the cache, once, and finds it again", async () => {
    place.tools();
    const { code, dir, log } = await place.run();
    expect([code, dir], log).to.deep.equal([0, join(place.cache, "pulumi-3.230.0", "bin")]);
    expect(log).to.contain("no download: npm install failed").and.contain("built pulumi in ");
    expect(readdirSync(place.cache)).to.deep.equal(["pulumi-3.230.0"]);
    expect((await place.run()).dir).to.equal(dir);
    expect(readFileSync(join(place.root, "built"), "utf8").trim().split("\n")).to.have.length(2);
  });

  it("builds once for two that ask at once", async () => {
    place.tools();
    const [a, b] = await Promise.all([place.run(), place.run()]);
    expect([a.code, b.code, a.dir]).to.deep.equal([0, 0, b.dir]);
    expect(`${a.log}${b.log}`).to.contain("waiting for it");
    expect(readFileSync(join(place.root, "built"), "utf8").trim().split("\n")).to.have.length(2);
  });

  it("doesn't wait for a lock whose holder is gone", async () => {
    place.tools();
    mkdirSync(join(place.cache, "lock"), { recursive: true });
    const past = new Date(Date.now() - 60_000);
    utimesSync(join(place.cache, "lock"), past, past);
    expect((await place.run()).code).to.equal(0);
    expect(readdirSync(place.cache)).to.deep.equal(["pulumi-3.230.0"]);
  });

  it("leaves nothing of a build that fails, and says what Go said", async () => {
    place.tools();
    place.program("bin", "go", "#!/bin/sh\necho no module for you >&2\nexit 1\n");
    const { code, dir, log } = await place.run();
    expect([code, dir]).to.deep.equal([1, ""]);
    expect(log).to.contain("no module for you");
    expect(readdirSync(place.cache)).to.deep.equal([]);
  });

  it("keeps what the npm package downloads, if it runs", async () => {
    place.program(
      "bin",
      "npm",
      `#!/bin/sh
while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/node_modules/pulumi"
cat > "$2/node_modules/pulumi/run.js" <<'JS'
const { mkdirSync, writeFileSync } = require("fs");
const bin = process.env.PULUMI_HOME + "/versions/3.250.0/bin";
mkdirSync(bin, { recursive: true });
for (const name of ["pulumi", "pulumi-language-nodejs"]) writeFileSync(bin + "/" + name, "#!/bin/sh\\necho v3.250.0\\n", { mode: 0o755 });
JS
`,
    );
    const { code, dir, log } = await place.run();
    expect([code, dir], log).to.deep.equal([0, join(place.cache, "pulumi-3.250.0", "bin")]);
    expect(readdirSync(dir)).to.include("pulumi-resource-pulumi-nodejs");
    expect((await place.run()).dir).to.equal(dir);
  });

  it("says what to install where Go is missing too", async () => {
    const { code, log } = await place.run();
    expect(code).to.equal(1);
    expect(log).to.contain("install Go").and.not.contain("    at ");
  });

  it("writes a launcher that runs the provider of the program's own SDK", async () => {
    place.engine(".pulumi/bin", ["pulumi-language-nodejs"]);
    const { dir } = await place.run();
    const launcher = join(dir, "pulumi-resource-pulumi-nodejs");
    const env = { PATH: place.bin };
    const sdk = join(place.root, "program/node_modules/@pulumi/pulumi/cmd/dynamic-provider");
    mkdirSync(sdk, { recursive: true });
    writeFileSync(join(sdk, "index.js"), "console.log(JSON.stringify(process.argv.slice(2)))");
    const cwd = join(place.root, "program");
    expect(execFileSync(launcher, ["127.0.0.1:1", "a b"], { cwd, env }).toString()).to.equal(
      '["127.0.0.1:1","a b"]\n',
    );
    expect(() => execFileSync(launcher, [], { cwd: place.root, env, stdio: "pipe" })).to.throw(
      /can't be found from/,
    );
  });
});
