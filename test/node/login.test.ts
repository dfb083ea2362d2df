import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo, Server as TcpServer } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { Server, type AuthContext } from "ssh2";
import { connect } from "../../provider/node/connect";
import { fingerprint } from "../../provider/node/known-hosts";
import { resolveTarget } from "../../provider/node/resolve";
import type { NodeSettings } from "../../provider/node/settings";
import { Bench, fails, publicLine } from "../support/ssh";

const SECRET = "hunter2-hunter2";

describe("logging in", () => {
  const bench = new Bench();
  const hostKey = bench.key();
  const good = bench.key();
  const pin = fingerprint(Buffer.from(publicLine(hostKey).split(" ")[1]!, "base64"));
  const isGood = (context: AuthContext) =>
    context.method === "publickey" &&
    context.key.data.equals(Buffer.from(publicLine(good).split(" ")[1]!, "base64"));
  const isSecret = (context: AuthContext) => context.method === "password" && context.password === SECRET;

  /** A server that takes these methods and judges like this (undefined: it has answered itself); `tried` is what was sent, in order. */
  async function serve(takes: string[], judge: (context: AuthContext) => boolean | undefined) {
    const tried: string[] = [];
    const server = new Server({ hostKeys: [readFileSync(hostKey)] }, (connection) => {
      connection.on("error", () => {});
      connection.on("authentication", (context) => {
        const { method } = context;
        if (method !== "none" && !(method === "publickey" && context.signature)) tried.push(method);
        const verdict = judge(context);
        if (verdict) context.accept();
        else if (verdict === false) context.reject(takes as never);
      });
    });
    server.listen(0, "127.0.0.1");
    bench.later(() => server.close());
    await once(server as unknown as TcpServer, "listening");
    return { port: (server.address() as AddressInfo).port, tried };
  }
  const login = async (port: number, own: NodeSettings, config?: string) => {
    const node: NodeSettings = { host: "127.0.0.1", port, user: "root", agent: false, hostKey: pin, ...own };
    return await connect(resolveTarget("n", bench.settings({ n: node }, config)));
  };
  const letsIn = async (...args: Parameters<typeof login>) => await (await login(...args)).close();
  const refused = async (run: Promise<unknown>, ...says: (string | RegExp)[]) => {
    const error = await fails(run, "auth-failed", ...says);
    expect(error.message).not.to.contain(SECRET);
  };

  describe("keyboard-interactive", () => {
    type Prompts = { prompt: string; echo: boolean }[];
    const hidden = { prompt: "Password: ", echo: false };
    const code = { prompt: "Code: ", echo: true };
    /** Asks round after round; lets in when the first answer is the password and no round is left. */
    const asking =
      (...rounds: Prompts[]) =>
      (context: AuthContext): boolean | undefined => {
        if (isSecret(context)) return true;
        if (context.method !== "keyboard-interactive") return false;
        const ask = ([round, ...more]: Prompts[], answers: string[]): void => {
          if (!round) return answers[0] === SECRET ? context.accept() : context.reject();
          context.prompt(round, (given) => ask(more, [...answers, ...given]));
        };
        ask(rounds, []);
        return undefined;
      };
    const both = ["keyboard-interactive", "password"];
    it("answers one hidden question with the password", async () => {
      const { port, tried } = await serve(both, asking([hidden]));
      await letsIn(port, { password: SECRET });
      expect(tried).to.deep.equal(["keyboard-interactive"]);
    });
    it("and a question of nothing, as some servers end with", async () => {
      await letsIn((await serve(both, asking([hidden], []))).port, { password: SECRET });
    });
    const unanswered: [title: string, rounds: Prompts[]][] = [
      ["one that shows what is typed", [[code]]],
      ["two at once", [[hidden, code]]],
      ["a hidden one for a code", [[{ ...code, echo: false }]]],
      ["a second one", [[hidden], [{ ...code, echo: false }]]],
    ];
    for (const [title, rounds] of unanswered) {
      it(`doesn't answer ${title}`, async () => {
        const answers: string[] = [];
        const { port } = await serve(["keyboard-interactive"], (context) => {
          if (context.method !== "keyboard-interactive") return false;
          const ask = ([round, ...more]: Prompts[]): void => {
            if (!round) return context.reject();
            context.prompt(round, (given) => (answers.push(...given), ask(more)));
          };
          ask(rounds);
          return undefined;
        });
        await refused(login(port, { password: SECRET }), "which nobody can answer here");
        expect(answers.filter((answer) => answer === SECRET).length).to.equal(
          title === "a second one" ? 1 : 0,
        );
      });
    }
    it("isn't tried without a password in the settings", async () => {
      const { port, tried } = await serve(both, () => false);
      await refused(login(port, {}), "there was nothing to try");
      expect(tried).to.deep.equal([]);
    });
  });

  describe("methods that ssh_config allows", () => {
    const all = ["publickey", "keyboard-interactive", "password"];
    const cases: [config: string, tried: string[], says: string][] = [
      ["", all, "tried the key of privateKeyFile"],
      ["PubkeyAuthentication no", all.slice(1), ":1 (pubkeyauthentication) forbids publickey"],
      ["PasswordAuthentication no", all.slice(0, 2), ":1 (passwordauthentication) forbids password"],
      [
        "KbdInteractiveAuthentication no",
        ["publickey", "password"],
        ":1 (kbdinteractiveauthentication) forbids keyboard-interactive",
      ],
      [
        "PreferredAuthentications password,publickey",
        ["password", "publickey"],
        ":1 (preferredauthentications) forbids keyboard-interactive",
      ],
      ["PreferredAuthentications gssapi-with-mic", [], "there was nothing to try"],
      ["PubkeyAuthentication host-bound", all, "tried"],
      ["PubkeyAcceptedAlgorithms rsa-sha2-*", all.slice(1), ":1 doesn't allow ssh-ed25519"],
      ["PubkeyAcceptedAlgorithms -ssh-ed25519", all.slice(1), "doesn't allow ssh-ed25519"],
      ["PubkeyAcceptedAlgorithms +ssh-rsa", all, "tried"],
      ["GSSAPIAuthentication yes", all, ":1: gssapiauthentication isn't supported"],
    ];
    for (const [config, expected, says] of cases) {
      it(config || "all, without a word", async () => {
        const { port, tried } = await serve([...all, "gssapi-with-mic"], () => false);
        await refused(login(port, { privateKeyFile: bench.key(), password: SECRET }, config), says);
        expect(tried).to.deep.equal(expected);
      });
    }
    it("RequiredRSASize", async () => {
      const { port, tried } = await serve(["publickey"], () => false);
      const rsa = bench.key("-t", "rsa", "-b", "2048");
      await refused(
        login(port, {}, `RequiredRSASize 3072\nIdentityFile ${rsa}`),
        `${rsa} has fewer than 3072 bits`,
      );
      expect(tried).to.deep.equal([]);
    });
  });

  it("goes on where the server wants a password after the key", async () => {
    const judge = (second: (context: AuthContext) => boolean) => (context: AuthContext) => {
      if (!isGood(context) || !(context as { signature?: Buffer }).signature)
        return isGood(context) || second(context);
      (context.reject as (left: string[], partial: boolean) => void)(["password"], true);
      return undefined;
    };
    await letsIn((await serve(["publickey"], judge(isSecret))).port, {
      privateKeyFile: good,
      password: SECRET,
    });
    const { port } = await serve(
      ["publickey"],
      judge(() => false),
    );
    await refused(
      login(port, { privateKeyFile: good, password: `${SECRET}!` }),
      "the key of privateKeyFile was accepted, but the server wants password too",
      "tried the password",
    );
  });

  describe("keys with a passphrase", () => {
    const types: [title: string, ...options: string[]][] = [
      ["ed25519"],
      ["ecdsa"],
      ["rsa", "-b", "2048", "-m", "PEM"],
      ["ecdsa", "-m", "PEM"],
    ];
    for (const [type, ...options] of types) {
      it(`${[type, ...options].join(" ")}: opened by the settings' passphrase`, async () => {
        const key = bench.key("-t", type, ...options, "-a", "1", "-N", SECRET);
        const blob = Buffer.from(publicLine(key).split(" ")[1]!, "base64");
        const { port } = await serve(
          ["publickey"],
          (context) => context.method === "publickey" && context.key.data.equals(blob),
        );
        await letsIn(port, { privateKeyFile: key, passphrase: SECRET });
        await letsIn(port, { passphrase: SECRET }, `IdentityFile ${key}`);
        await fails(
          login(port, { privateKeyFile: key, passphrase: "another" }),
          "invalid-settings",
          "that isn't the given one",
        );
        await fails(
          login(port, { privateKey: readFileSync(key, "utf8") }),
          "invalid-settings",
          "nodes.n.privateKey is protected by a passphrase",
        );
        await refused(login(port, {}, `IdentityFile ${key}`), `ssh-add ${key}`);
      });
    }
    it("a locked key names the agent's, even without its .pub", async () => {
      const key = join(bench.dir, "locked");
      copyFileSync(good, key);
      const socket = await bench.agent(good, bench.key());
      execFileSync("ssh-keygen", ["-q", "-p", "-a", "1", "-P", "", "-N", SECRET, "-f", key]);
      rmSync(`${key}.pub`, { force: true });
      const { port, tried } = await serve(["publickey"], isGood);
      await letsIn(port, { agent: socket }, `IdentitiesOnly yes\nIdentityFile ${key}`);
      expect(tried.length).to.equal(1);
    });
    it("a public key as privateKeyFile is an error", async () => {
      const { port } = await serve(["publickey"], () => false);
      await fails(login(port, { privateKeyFile: `${good}.pub` }), "invalid-settings", "is a public key");
    });
  });
});
