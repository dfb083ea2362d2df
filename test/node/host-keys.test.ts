import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { ErrorCode } from "../../provider/errors";
import { connect } from "../../provider/node/connect";
import { fingerprint } from "../../provider/node/known-hosts";
import { resolveTarget } from "../../provider/node/resolve";
import type { NodeSettings } from "../../provider/node/settings";
import { startSshd, type Sshd } from "../support/sshd";
import { alone, Bench, fails, publicLine } from "../support/ssh";

describe("host keys, with a real sshd of three types", () => {
  const bench = new Bench();
  const ca = bench.key();
  const stranger = publicLine(bench.key());
  const rsa = bench.key("-t", "rsa", "-b", "2048");
  const ecdsa = bench.key("-t", "ecdsa");
  let sshd: Sshd;
  /** what only this server is sure of */
  const known = { ed25519: "", rsa: publicLine(rsa), ecdsa: publicLine(ecdsa) };
  before(async function () {
    execFileSync("ssh-keygen", ["-q", "-s", ca, "-h", "-I", "id", "-n", "127.0.0.1", `${ecdsa}.pub`]);
    const started = await startSshd({
      config: [`HostKey ${rsa}`, `HostKey ${ecdsa}`, `HostCertificate ${ecdsa}-cert.pub`],
    });
    if (!started) return this.skip();
    sshd = started;
    known.ed25519 = sshd.hostKeyLine;
  });
  after(() => sshd?.close());

  const print = (line: string) => fingerprint(Buffer.from(line.split(" ")[1]!, "base64"));
  const hash = (line: string) => {
    // the name goes in before it is hashed
    const file = bench.file(`${line.replace("HOST", `[127.0.0.1]:${sshd.port}`)}\n`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" });
    return readFileSync(file, "utf8");
  };

  interface Case {
    /** of known_hosts; HOST is the server's name there */
    lines?: () => string[];
    settings?: () => NodeSettings;
    config?: () => string;
    /** undefined: it is let in */
    code?: ErrorCode;
    says?: () => (string | RegExp)[];
  }
  const cases: Record<string, Case> = {
    "nothing known": {
      code: "host-key-unknown",
      says: () => [
        `HOST ${known.ed25519}`,
        print(known.ed25519),
        "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
      ],
    },
    known: { lines: () => [`HOST ${known.ed25519}`] },
    "known by its RSA key alone": { lines: () => [`HOST ${known.rsa}`] },
    "known by its ECDSA key alone": { lines: () => [`HOST ${known.ecdsa}`] },
    "one of several keys of a type": { lines: () => [`HOST ${stranger}`, `HOST ${known.ed25519}`] },
    "another key of another type is known too": {
      lines: () => [`HOST ${stranger}`, `HOST ${known.rsa}`],
      code: "host-key-changed",
      says: () => ["CHANGED", print(stranger), print(known.ed25519)],
    },
    changed: {
      lines: () => [`HOST ${stranger}`],
      code: "host-key-changed",
      says: () => ["CHANGED", print(stranger), "-R 'HOST'"],
    },
    "only a type known that the server hasn't": {
      lines: () => [`HOST ${publicLine(bench.key("-t", "ecdsa", "-b", "521"))}`],
      code: "host-key-changed",
    },
    "hashed name": { lines: () => [hash(`HOST ${known.ed25519}`)] },
    "hashed name, changed": { lines: () => [hash(`HOST ${stranger}`)], code: "host-key-changed" },
    "the host without its port": { lines: () => [`127.0.0.1 ${known.ed25519}`] },
    "the host without its port, another key": {
      lines: () => [`127.0.0.1 ${stranger}`],
      code: "host-key-unknown",
    },
    "another port": { lines: () => [`[127.0.0.1]:1 ${known.ed25519}`], code: "host-key-unknown" },
    wildcards: { lines: () => [`[127.0.?.*]:* ${known.ed25519}`] },
    "wildcard, negated": { lines: () => [`*,!HOST,!127.0.0.1 ${known.ed25519}`], code: "host-key-unknown" },
    "@revoked": {
      lines: () => [`HOST ${known.ed25519}`, `@revoked * ${known.ed25519}`],
      code: "host-key-revoked",
    },
    "@revoked, another key": { lines: () => [`HOST ${known.ed25519}`, `@revoked * ${stranger}`] },
    "@cert-authority": {
      lines: () => [`@cert-authority * ${publicLine(ca)}`],
      code: "host-key-unknown",
      says: () => ["host certificates can't be verified here: add the line above beside it"],
    },
    "@cert-authority, and the plain key": {
      lines: () => [`@cert-authority * ${publicLine(ca)}`, `HOST ${known.ed25519}`],
    },
    RevokedHostKeys: {
      lines: () => [`HOST ${known.ed25519}`],
      config: () => `RevokedHostKeys ${bench.file(`# lost\n${known.ed25519}\n`)}`,
      code: "host-key-revoked",
    },
    "RevokedHostKeys, another key": {
      lines: () => [`HOST ${known.ed25519}`],
      config: () => `RevokedHostKeys ${bench.file(stranger)}`,
    },
    "RevokedHostKeys, binary": {
      lines: () => [`HOST ${known.ed25519}`],
      config: () => {
        const krl = join(bench.dir, "krl");
        execFileSync("ssh-keygen", ["-q", "-k", "-f", krl, bench.file(stranger)]);
        return `RevokedHostKeys ${krl}`;
      },
      code: "invalid-settings",
      says: () => ["binary revocation list"],
    },
    HostKeyAlias: { lines: () => [`cluster ${known.ed25519}`], config: () => "HostKeyAlias Cluster" },
    "HostKeyAlias, listed by the address": {
      lines: () => [`HOST ${known.ed25519}`],
      config: () => "HostKeyAlias Cluster",
      code: "host-key-unknown",
      says: () => [`cluster ${known.ed25519}`],
    },
    "pinned fingerprint": { settings: () => ({ hostKey: print(known.ed25519) }) },
    "pinned fingerprint of another type": {
      settings: () => ({ hostKey: print(known.rsa) }),
      code: "host-key-changed",
      says: () => ["pin it as a whole line"],
    },
    "pinned line": { settings: () => ({ hostKey: known.rsa }) },
    "pinned, several": { settings: () => ({ hostKey: [stranger, known.ecdsa] }), code: "host-key-changed" },
    "pinned, several of a type": { settings: () => ({ hostKey: [stranger, known.ed25519] }) },
    "pinned, wrong": {
      lines: () => [`HOST ${known.ed25519}`],
      settings: () => ({ hostKey: stranger }),
      code: "host-key-changed",
      says: () => ["ISN'T THE PINNED ONE"],
    },
    HostKeyAlgorithms: {
      lines: () => [`HOST ${known.ed25519}`, `HOST ${known.rsa}`],
      config: () => "HostKeyAlgorithms rsa-sha2-*",
    },
    "HostKeyAlgorithms that take the known one away": {
      lines: () => [`HOST ${known.ed25519}`],
      config: () => "HostKeyAlgorithms -ssh-ed25519",
      code: "host-key-changed",
    },
    RequiredRSASize: {
      lines: () => [`HOST ${known.rsa}`],
      config: () => "RequiredRSASize 3072",
      code: "host-key-changed",
      says: () => ["2048 bits"],
    },
    "RequiredRSASize, long enough": {
      lines: () => [`HOST ${known.rsa}`],
      config: () => "RequiredRSASize 2048",
    },
  };
  for (const loose of [
    "StrictHostKeyChecking no",
    "StrictHostKeyChecking accept-new",
    "VerifyHostKeyDNS yes",
    "NoHostAuthenticationForLocalhost yes",
  ]) {
    const says = () => [/file-\d+:2 \(\w+ [-\w]+\) isn't followed/];
    cases[`nothing known, with ${loose}`] = { config: () => loose, code: "host-key-unknown", says };
    cases[`changed, with ${loose}`] = {
      lines: () => [`HOST ${stranger}`],
      config: () => loose,
      code: "host-key-changed",
      says,
    };
  }
  for (const [title, { lines, settings, config, code, says }] of Object.entries(cases)) {
    it(`${title}: ${code ?? "let in"}`, async () => {
      const host = `[127.0.0.1]:${sshd.port}`;
      const named = (text: string) => text.replaceAll("HOST", host);
      const listed = (lines?.() ?? []).map(named).join("\n");
      const file = lines ? bench.file(listed) : join(bench.dir, "never-written");
      const own = alone(sshd, { hostKey: undefined, ...settings?.() });
      const all = bench.settings(
        { n: own },
        `UserKnownHostsFile ${file}\n${config?.() ?? ""}\nGlobalKnownHostsFile none`,
      );
      const login = async () => await connect(resolveTarget("n", all));
      const before = sshd.log().length;
      if (code) {
        await fails(
          login(),
          code,
          ...(says?.() ?? []).map((part) => (typeof part === "string" ? named(part) : part)),
        );
        expect(sshd.log().slice(before), "it tried to log in").not.to.contain("Accepted");
      } else await (await login()).close();
      if (lines) expect(readFileSync(file, "utf8")).to.equal(listed);
      else expect(existsSync(file)).to.be.false;
    });
  }
});
