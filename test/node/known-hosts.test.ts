import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { hostKeyAlgorithms, hostKeyCheck } from "../../provider/node/host-key";
import { fingerprint, judge, knownTypes, lookupName, parseKnownHosts } from "../../provider/node/known-hosts";
import { matchPattern } from "../../provider/node/ssh-pattern";
import type { Target } from "../../provider/node/target";

/** A key that has the form of one; nothing here verifies signatures. */
function key(type: string, seed: number): Buffer {
  const field = (data: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, data.length]), data]);
  return Buffer.concat([field(Buffer.from(type)), field(Buffer.alloc(32, seed))]);
}
const ED = key("ssh-ed25519", 1);
const OTHER = key("ssh-ed25519", 2);
const RSA = key("ssh-rsa", 3);
const line = (hosts: string, k = ED) =>
  `${hosts} ${k === RSA ? "ssh-rsa" : "ssh-ed25519"} ${k.toString("base64")}`;

// `ssh-keygen -H` made these of "pve1.example" and "[pve1.example]:2222"; names are in no order inside a hash.
const hash = (name: string): string => {
  const dir = mkdtempSync(join(tmpdir(), "pve-posture-kh-"));
  try {
    const real = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    writeFileSync(join(dir, "kh"), `${name} ${real}\n`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", join(dir, "kh")], { stdio: "ignore" });
    return readFileSync(join(dir, "kh"), "utf8").split(" ")[0]!;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};
const HASHED = "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg="; // 192.168.1.61, from sshd(8)

describe("known_hosts", () => {
  const cases: [title: string, text: string, host: string, port: number, shown: Buffer, verdict: string][] = [
    ["plain name", line("pve1"), "pve1", 22, ED, "match"],
    ["case of the host doesn't count", line("PVE1"), "Pve1", 22, ED, "match"],
    ["one of several names", line("a,pve1,10.0.0.1"), "10.0.0.1", 22, ED, "match"],
    ["another host", line("pve2"), "pve1", 22, ED, "unknown"],
    ["empty file", "", "pve1", 22, ED, "unknown"],
    [
      "comments and broken lines",
      `# pve1\npve1\npve1 ssh-ed25519\npve1 ssh-rsa ${ED.toString("base64")}\n\0`,
      "pve1",
      22,
      ED,
      "unknown",
    ],
    [
      "tabs, trailing comment, CRLF",
      `pve1\tssh-ed25519\t${ED.toString("base64")} root@pve1\r\n`,
      "pve1",
      22,
      ED,
      "match",
    ],
    ["other port, listed", line("[pve1]:2222"), "pve1", 2222, ED, "match"],
    ["other port, key listed for the host", line("pve1"), "pve1", 2222, ED, "match"],
    ["other port, other key listed for the host", line("pve1"), "pve1", 2222, OTHER, "unknown"],
    ["port 22, key listed for another port", line("[pve1]:2222"), "pve1", 22, ED, "unknown"],
    ["IPv6 with a port", line("[fd00::1]:2222"), "fd00::1", 2222, ED, "match"],
    ["wildcard *", line("*.example"), "pve1.example", 22, ED, "match"],
    ["wildcard ?", line("pve?"), "pve1", 22, ED, "match"],
    ["wildcard ? is exactly one", line("pve?"), "pve", 22, ED, "unknown"],
    ["wildcard over ports", line("[*.example]:*"), "pve1.example", 2222, ED, "match"],
    ["negation wins, wherever it stands", line("*.example,!pve1.example"), "pve1.example", 22, ED, "unknown"],
    ["negation first", line("!pve1.example,*.example"), "pve1.example", 22, ED, "unknown"],
    ["only a negation matches nothing", line("!pve2"), "pve1", 22, ED, "unknown"],
    ["a dot is a dot", line("pve1.example"), "pve1xexample", 22, ED, "unknown"],
    ["hashed, from the manual", line(HASHED), "192.168.1.61", 22, ED, "match"],
    ["hashed, another host", line(HASHED), "192.168.1.62", 22, ED, "unknown"],
    ["hashed, other key", line(HASHED), "192.168.1.61", 22, OTHER, "changed"],
    ["hash of a future kind", line("|2|aa=|bb="), "pve1", 22, ED, "unknown"],
    ["other key of the type", line("pve1"), "pve1", 22, OTHER, "changed"],
    ["only other types known", line("pve1", RSA), "pve1", 22, ED, "changed"],
    ["several keys, second fits", `${line("pve1", OTHER)}\n${line("pve1")}`, "pve1", 22, ED, "match"],
    ["several types, one fits", `${line("pve1", RSA)}\n${line("pve1")}`, "pve1", 22, RSA, "match"],
    ["revoked for all", `@revoked ${line("*")}`, "pve1", 22, ED, "revoked"],
    ["revoked although listed", `${line("pve1")}\n@revoked ${line("pve1")}`, "pve1", 22, ED, "revoked"],
    ["another key revoked", `${line("pve1")}\n@revoked ${line("*", OTHER)}`, "pve1", 22, ED, "match"],
    ["revoked for another host", `@revoked ${line("pve2")}`, "pve1", 22, ED, "unknown"],
    [
      "a certificate authority isn't a host key",
      `@cert-authority ${line("pve1")}`,
      "pve1",
      22,
      ED,
      "unknown",
    ],
    ["an unknown marker", `@future ${line("pve1")}`, "pve1", 22, ED, "unknown"],
  ];
  for (const [title, text, host, port, shown, verdict] of cases) {
    it(`${title}: ${verdict}`, () => {
      const names = [lookupName(host, port), lookupName(host, 22)];
      expect(judge(parseKnownHosts(text, "f"), names, shown).kind).to.equal(verdict);
    });
  }

  for (const name of ["pve1.example", "[pve1.example]:2222", "[fd00::1]:2222"]) {
    it(`reads what ssh-keygen -H makes of ${name}`, () => {
      const entries = parseKnownHosts(line(hash(name)), "f");
      expect(judge(entries, [name], ED).kind).to.equal("match");
      expect(judge(entries, ["pve2"], ED).kind).to.equal("unknown");
    });
  }

  it("lists the types known for a host, the port's own first", () => {
    const entries = parseKnownHosts(
      [line("pve1"), line("[pve1]:2222", RSA), `@revoked ${line("pve1", OTHER)}`].join("\n"),
      "f",
    );
    expect(knownTypes(entries, ["[pve1]:2222", "pve1"])).to.deep.equal(["ssh-rsa", "ssh-ed25519"]);
  });

  it("never throws on any text", () => {
    const texts = fc.array(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.constantFrom("pve1", "@revoked", "|1|a|b", line("pve1"), "\n"),
      ),
    );
    fc.assert(fc.property(texts, (parts) => void judge(parseKnownHosts(parts.join(" "), "f"), ["pve1"], ED)));
  });

  it("matches patterns in no exponential time", () => {
    expect(matchPattern("*a".repeat(40) + "b", "a".repeat(5000))).to.be.false;
  });
});

describe("host key check", () => {
  const dir = mkdtempSync(join(tmpdir(), "pve-posture-hk-"));
  after(() => rmSync(dir, { recursive: true, force: true }));
  const check = (text: string | undefined, trust: Partial<Target["trust"]> = {}, port = 22) => {
    const file = join(dir, "known_hosts");
    rmSync(file, { force: true });
    if (text !== undefined) writeFileSync(file, text);
    const whole = { files: [file], algorithms: [...hostKeyAlgorithms], rsaBits: 0, notes: [], ...trust };
    return hostKeyCheck({ name: "pve1", host: "pve1", port, trust: whole } as unknown as Target);
  };

  it("says for an unknown key what to compare and which line to add", () => {
    const error = check(undefined, {}, 2222).refuse(ED)!;
    expect(error.code).to.equal("host-key-unknown");
    for (const part of [
      fingerprint(ED),
      "ssh-ed25519",
      join(dir, "known_hosts"),
      line("[pve1]:2222"),
      "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
      '"hostKey"',
    ]) {
      expect(error.message).to.contain(part);
    }
  });
  it("hints at a certificate authority", () => {
    expect(check(`@cert-authority ${line("pve1", RSA)}`).refuse(ED)!.message).to.match(
      /known_hosts:1 names a certificate authority/,
    );
  });
  it("is loud about a changed key", () => {
    const error = check(`\n${line("pve1")}`).refuse(OTHER)!;
    expect(error.code).to.equal("host-key-changed");
    for (const part of [
      fingerprint(ED),
      fingerprint(OTHER),
      "known_hosts:2",
      "intercepting",
      "ssh-keygen -f",
    ])
      expect(error.message).to.contain(part);
  });
  it("refuses a revoked key", () =>
    expect(check(`@revoked ${line("*")}`).refuse(ED)!.code).to.equal("host-key-revoked"));
  it("refuses a key of RevokedHostKeys, pinned or not", () => {
    const revokedFile = join(dir, "revoked");
    writeFileSync(revokedFile, `# lost\n${line("")}\n`.replace(/^ /m, ""));
    expect(check(line("pve1"), { revokedFile }).refuse(ED)!.code).to.equal("host-key-revoked");
    expect(check("", { revokedFile, pinned: [fingerprint(ED)] }).refuse(ED)!.code).to.equal(
      "host-key-revoked",
    );
  });
  it("doesn't go on without RevokedHostKeys, or with a binary one", () => {
    expect(() => check("", { revokedFile: join(dir, "none") })).to.throw(/isn't there/);
    writeFileSync(join(dir, "krl"), "SSHKRL\n\0");
    expect(() => check("", { revokedFile: join(dir, "krl") })).to.throw(/binary/);
  });
  it("looks a HostKeyAlias up without the port", () =>
    expect(check(line("cluster"), { alias: "cluster" }, 2222).refuse(ED)).to.be.undefined);
  it("takes a pinned fingerprint or line", () => {
    expect(check(undefined, { pinned: [fingerprint(ED)] }).refuse(ED)).to.be.undefined;
    expect(check(undefined, { pinned: [line("").trim(), fingerprint(OTHER)] }).refuse(OTHER)).to.be.undefined;
    expect(check(line("pve1"), { pinned: [fingerprint(OTHER)] }).refuse(ED)!.code).to.equal(
      "host-key-changed",
    );
  });
  it("asks for known types first, and never for SHA-1", () => {
    expect(check(line("pve1", RSA)).algorithms.slice(0, 3)).to.deep.equal([
      "rsa-sha2-512",
      "rsa-sha2-256",
      "ssh-ed25519",
    ]);
    expect(check("").algorithms[0]).to.equal("ssh-ed25519");
    expect(check("").algorithms).not.to.include("ssh-rsa");
  });
});
