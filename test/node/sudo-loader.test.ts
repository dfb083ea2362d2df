import { expect } from "chai";
import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { loader, mismatch } from "../../provider/node/loader.js";
import { nodeScripts } from "../../provider/node/node-scripts.js";
import { shells } from "../support/place.js";

const scripts = Object.entries(nodeScripts);

describe("the loader", () => {
  const echo = `echo "it's" '$HOME'\ncat\nexit 3\n\n`;

  // busybox's own head reads ahead; a node has GNU's
  for (const [name, [program, ...args]] of shells.filter(([name]) => !name.startsWith("busybox"))) {
    const run = (line: string, input: Buffer, ...rest: string[]) => {
      const { status, stdout, stderr } = spawnSync(program!, [...args, "-c", line, ...rest], { input, maxBuffer: 1 << 26 });
      return { status, stdout: stdout.toString("latin1"), stderr: stderr.toString() };
    };

    describe(name, () => {
      const { line, bytes } = loader(echo);

      it("runs the script, with the rest of standard input", () => {
        expect(run(line, Buffer.concat([bytes, Buffer.from("rest")]))).to.deep.equal({ status: 3, stdout: "it's $HOME\nrest", stderr: "" });
      });

      const others: [what: string, input: Buffer][] = [
        ["another script of the same length", Buffer.from(bytes.toString().replace("cat", "id;"))],
        ["a byte more at the front", Buffer.concat([Buffer.from("\n"), bytes])],
        ["one that was cut", bytes.subarray(0, -1)],
        ["a NUL byte in it", Buffer.from(bytes.toString().replace("cat", "\0at"))],
        ["nothing", Buffer.alloc(0)],
      ];
      for (const [what, input] of others) {
        it(`runs nothing of ${what}`, () => {
          const { status, stdout, stderr } = run(line, input);
          expect({ status, stdout }).to.deep.equal({ status: 65, stdout: "" });
          expect(stderr).to.contain(mismatch);
        });
      }

      it("is nothing but a syntax error where its last words are missing", () => {
        const words = line.split(" ");
        for (let n = 1; n < words.length; n++) {
          const { status, stdout } = run(words.slice(0, n).join(" "), Buffer.concat([bytes, Buffer.from("echo x")]), ...words.slice(n));
          expect({ status, stdout }, `${n} words`).to.deep.equal({ status: 2, stdout: "" });
        }
      });
    });
  }

  it("takes its script, and no byte more, of data that comes slowly in odd chunks", async () => {
    const { line, bytes } = loader("sha256sum");
    const data = randomBytes(2 << 20);
    const all = Buffer.concat([bytes, data]);
    const child = spawn("sh", ["-c", line]);
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    let at = 0;
    for (const end of [1, 4, bytes.length - 1, bytes.length, bytes.length + 1, bytes.length + 4097, 70_001, 1_000_003, all.length]) {
      child.stdin.write(all.subarray(at, end));
      at = end;
      await delay(20);
    }
    child.stdin.end();
    await new Promise((resolve) => child.on("close", resolve));
    expect(said).to.equal(`${createHash("sha256").update(data).digest("hex")}  -\n`);
  });

  for (const [name, script] of scripts) {
    it(`has only signs that sudoers takes as they are, for ${name}; and no slash`, () => {
      // sudo -s would run a line with a slash as a file of the user's
      expect(loader(script).line).to.match(/^[\w ${}()%";|&<>=^-]+$/).and.not.match(/ {2}|^ | $/);
    });
    it(`can pass ${name} on as one argument`, () => {
      const { bytes } = loader(script);
      expect(bytes.length).to.be.below(128 * 1024);
      expect(bytes.includes(0)).to.be.false;
    });
  }
});

describe("the scripts that sudoers allows", () => {
  const sources = readdirSync("provider", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    // without the examples in comments
    .map((file) => ({ file, text: readFileSync(join("provider", file), "utf8").replace(/^ *\*.*$/gm, "") }));

  it("are all that are run", () => {
    const calls = sources.flatMap(({ file, text }) => [...text.matchAll(/\bpool\.run\(([^,]+),\s*([^,)]+)/g)].map(([, , script]) => ({ file, script })));
    expect(calls).to.have.length.of.at.least(3);
    for (const { file, script } of calls) {
      const name = /^nodeScripts\.(\w+)$/.exec(script!)?.[1];
      expect(name && Object.hasOwn(nodeScripts, name), `${file} runs ${script}: nodeScripts must have it`).to.be.true;
    }
  });
  it("go no other way", () => {
    const users = sources.filter(({ text }) => /\bcommandFor\(|\.exec\(command\b/.test(text)).map(({ file }) => file);
    expect(users.sort()).to.deep.equal(["node/connection.ts", "node/pool.ts", "node/sudo.ts"]);
  });
  it("are made of all files in scripts/", () => {
    const all = Object.values(nodeScripts).join("");
    for (const file of readdirSync("provider/node/scripts")) {
      const lines = readFileSync(join("provider/node/scripts", file), "utf8").replace(/^[ \t]*#.*\n/gm, "");
      expect(all.includes(lines), file).to.be.true;
    }
  });
});
