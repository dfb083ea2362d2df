import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { connect } from "../../provider/node/connect";
import { resolveTarget } from "../../provider/node/resolve";
import type { NodeSettings } from "../../provider/node/settings";
import { field, Reader } from "../../provider/node/ssh-format";
import { startSshd, type Sshd } from "../support/sshd";
import { alone, Bench, fails, publicLine } from "../support/ssh";

describe("keys and certificates of users, with a real sshd", () => {
  const bench = new Bench();
  const ca = bench.key();
  let sshd: Sshd;
  before(async function () {
    const started = await startSshd({ config: [`TrustedUserCAKeys ${ca}.pub`, "MaxAuthTries 20"] });
    if (!started) return this.skip();
    sshd = started;
  });
  after(() => sshd?.close());

  /** Makes `<key>-cert.pub`. */
  const certify = (key: string, ...options: string[]) => {
    const principals = options.includes("-n") ? [] : ["-n", sshd.user];
    execFileSync("ssh-keygen", ["-q", "-s", ca, "-I", "an id", ...principals, ...options, `${key}.pub`]);
    return `${key}-cert.pub`;
  };
  const login = async (more: NodeSettings, config?: string) =>
    await connect(
      resolveTarget("n", bench.settings({ n: alone(sshd, { privateKey: undefined, ...more }) }, config)),
    );
  const letsIn = async (more: NodeSettings, config?: string) => await (await login(more, config)).close();

  for (const type of [["ed25519"], ["rsa", "-b", "2048"], ["ecdsa", "-b", "256"], ["ecdsa", "-b", "521"]]) {
    it(`${type.join(" ")}: plain and certified, from a file and an agent`, async () => {
      const key = bench.key("-t", ...type);
      await fails(login({ privateKeyFile: key }), "auth-failed", "tried the key of privateKeyFile");
      const certificate = certify(key);
      await letsIn({ privateKeyFile: key });
      await letsIn({}, `IdentityFile ${key}`);
      // held by the agent together with the key
      await letsIn({ agent: await bench.agent(key) }, "IdentityFile none");
      // the agent has the key alone, and the certificate is named
      const apart = join(bench.dir, "apart.pub");
      renameSync(certificate, apart);
      const agent = await bench.agent(key);
      await fails(login({ agent }, "IdentityFile none"), "auth-failed", "the agent's key");
      await letsIn({ agent }, `IdentityFile none\nCertificateFile ${apart}`);
      await letsIn({ agent }, `IdentitiesOnly yes\nIdentityFile ${key}.pub\nCertificateFile ${apart}`);
      // plain
      writeFileSync(
        join(sshd.dir, "authorized_keys"),
        `${publicLine(sshd.privateKeyFile)}\n${publicLine(key)}\n`,
      );
      await letsIn({ privateKeyFile: key });
      await letsIn({ agent }, "IdentityFile none");
    });
  }

  const refused: [title: string, options: string[], says: RegExp][] = [
    ["another principal", ["-n", "somebody"], /key-\d+-cert\.pub: it is for somebody, not for \w+/],
    ["expired", ["-V", "20200101:20200102"], /-cert\.pub: it expired at 2020-01-0/],
    ["not yet valid", ["-V", "20400101:20400102"], /-cert\.pub: it isn't valid before (2039-12-31|2040)/],
    ["of a host", ["-h"], /-cert\.pub is no certificate for users/],
  ];
  for (const [title, options, says] of refused) {
    it(`a certificate that is ${title} is refused, and the error says why`, async () => {
      const key = bench.key();
      certify(key, ...options);
      await fails(login({}, `IdentityFile ${key}`), "auth-failed", says);
    });
  }

  it("of several certificates, the one of the right principal lets in", async () => {
    const key = bench.key();
    const wrong = bench.file("");
    renameSync(certify(key, "-n", "somebody"), wrong);
    const right = certify(key);
    await letsIn({}, `IdentityFile ${key}\nCertificateFile ${wrong}\nCertificateFile ${right}`);
  });
  it("a CertificateFile that isn't there, or is none, is a note", async () => {
    await fails(
      login({}, `IdentityFile ${bench.key()}\nCertificateFile /none\nCertificateFile ${ca}.pub`),
      "auth-failed",
      "/none can't be read (ENOENT)",
      `${ca}.pub is no certificate`,
    );
  });

  it("a security key that an agent holds lets in", async () => {
    // What a security key does (PROTOCOL.u2f of OpenSSH), without one.
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const name = "sk-ssh-ed25519@openssh.com";
    const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
    const blob = Buffer.concat([field(name), field(raw), field("ssh:")]);
    const sha256 = (data: Buffer | string) => createHash("sha256").update(data).digest();
    const touched = Buffer.from([1, 0, 0, 0, 7]); // flags and counter
    const socket = join(bench.dir, "sk-agent");
    await bench.listen((client) => {
      client.on("data", (request) => {
        const body = new Reader(new Reader(request).string());
        const answer = (type: number, ...parts: Buffer[]) =>
          client.write(field(Buffer.concat([Buffer.from([type]), ...parts])));
        if (body.bytes(1)[0] === 11)
          return answer(12, Buffer.from([0, 0, 0, 1]), field(blob), field("a token"));
        expect(body.string()).to.deep.equal(blob);
        const signature = sign(
          null,
          Buffer.concat([sha256("ssh:"), touched, sha256(body.string())]),
          privateKey,
        );
        answer(14, field(Buffer.concat([field(name), field(signature), touched])));
      });
    }, socket);
    await fails(login({ agent: socket }), "auth-failed", "the agent's key a token");
    writeFileSync(join(sshd.dir, "authorized_keys"), `${name} ${blob.toString("base64")}\n`);
    await letsIn({ agent: socket }, "IdentityFile none");
    const named = bench.file(`${name} ${blob.toString("base64")} x\n`);
    await letsIn({ agent: socket }, `IdentitiesOnly yes\nIdentityFile ${named}`);
    rmSync(socket, { force: true });
  });
});
