import { expect } from "chai";
import fc from "fast-check";
import { PostureError } from "../../provider/errors";
import { parseNodeName } from "../../provider/node/node-name";
import { readSettings, settingsOf } from "../../provider/node/settings";

const ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
const read = (config: Record<string, string>, env: NodeJS.ProcessEnv = {}) =>
  readSettings((key) => config[key], env);
const nodes = (value: unknown) => read({ "pve-posture:nodes": JSON.stringify(value) });
const problemsOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(PostureError).with.property("code", "invalid-settings");
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
};

describe("node names", () => {
  const cases: [name: string, parts: object][] = [
    ["pve1", { host: "pve1" }],
    ["root@pve1", { user: "root", host: "pve1" }],
    ["pve1:2222", { host: "pve1", port: 2222 }],
    ["root@pve1:2222", { user: "root", host: "pve1", port: 2222 }],
    ["ad@min@pve1", { user: "ad@min", host: "pve1" }],
    ["[fd00::1]:2222", { host: "fd00::1", port: 2222 }],
    ["root@[fd00::1]", { user: "root", host: "fd00::1" }],
    ["fd00::1", { host: "fd00::1" }],
  ];
  for (const [name, parts] of cases) {
    it(name, () => expect(JSON.parse(JSON.stringify(parseNodeName(name)))).to.deep.equal(parts));
  }
  for (const name of [
    "",
    "@pve1",
    "pve1:",
    "pve1:0",
    "pve1:65536",
    "pve1:ssh",
    "pve 1",
    "a/b",
    ":22",
    "[::1",
    "root@",
  ]) {
    it(`refuses "${name}"`, () =>
      expect(() => parseNodeName(name))
        .to.throw(PostureError)
        .with.property("code", "invalid-input"));
  }
});

describe("settings", () => {
  it("has defaults", () => {
    expect(read({})).to.deep.include({ nodes: {}, preview: "live", lockTimeoutSeconds: 10, timeoutSeconds: 120 });
  });

  it("takes the stack's configuration", () => {
    const config = {
      "pve-posture:nodes": JSON.stringify({
        pve1: { host: "10.0.0.1", port: 22, hostKey: ED25519, sudo: true, agent: false },
      }),
      "pve-posture:sshConfig": "none",
      "pve-posture:preview": "offline",
      "pve-posture:lockTimeoutSeconds": "0",
      "pve-posture:connectTimeoutSeconds": "3",
      "pve-posture:timeoutSeconds": "600",
    };
    const settings = read(config);
    expect(settings.nodes.pve1).to.deep.equal({
      host: "10.0.0.1",
      port: 22,
      hostKey: ED25519,
      sudo: true,
      agent: false,
    });
    expect(settings).to.include({
      sshConfig: "none",
      preview: "offline",
      lockTimeoutSeconds: 0,
      connectTimeoutSeconds: 3,
      timeoutSeconds: 600,
    });
  });

  it("lets the environment win: nodes entry by entry", () => {
    const settings = read(
      { "pve-posture:nodes": '{"a":{"user":"x","port":1},"b":{"user":"y"}}', "pve-posture:preview": "live" },
      {
        PVE_POSTURE_NODES: '{"a":{"user":"z"}}',
        PVE_POSTURE_PREVIEW: "offline",
        PVE_POSTURE_SSH_CONFIG: "/x",
      },
    );
    expect(settings.nodes).to.deep.equal({ a: { user: "z" }, b: { user: "y" } });
    expect(settings).to.include({ preview: "offline", sshConfig: "/x" });
  });

  it("finds a node under its full name before its host", () => {
    const settings = nodes({ pve1: { user: "a" }, "root@pve1:2222": { user: "b" } });
    expect(settingsOf(settings, "root@pve1:2222").user).to.equal("b");
    expect(settingsOf(settings, "pve1:2222").user).to.equal("a");
    expect(settingsOf(settings, "constructor")).to.deep.equal({});
  });

  const wrong: [value: unknown, path: string, says: RegExp][] = [
    [{ pve1: { port: 0 } }, "pve-posture:nodes.pve1.port", />=1/],
    [{ pve1: { port: "22" } }, "pve-posture:nodes.pve1.port", /expected number/],
    [{ pve1: { hostKey: "AA:BB" } }, "pve-posture:nodes.pve1.hostKey", /SHA256/],
    [{ pve1: { hostKey: [ED25519, "x"] } }, "pve-posture:nodes.pve1.hostKey[1]", /SHA256/],
    [{ pve1: { hostKey: ED25519.replace("ed25519", "rsa") } }, "pve-posture:nodes.pve1.hostKey", /SHA256/],
    [{ pve1: { privateKey: "hunter2" } }, "pve-posture:nodes.pve1.privateKey", /OpenSSH's or PEM/],
    [{ pve1: { agent: true } }, "pve-posture:nodes.pve1.agent", /socket/],
    [{ pve1: { sudo: "yes" } }, "pve-posture:nodes.pve1.sudo", /boolean/],
    [{ pve1: { usre: "root" } }, "pve-posture:nodes.pve1", /usre/],
    [{ "a b": {} }, "pve-posture:nodes.a b", /name of a node/],
    [[], "pve-posture:nodes", /record/],
  ];
  for (const [value, path, says] of wrong) {
    it(`says where: ${JSON.stringify(value).slice(0, 60)}`, () => {
      expect(problemsOf(() => nodes(value)))
        .to.contain(`${path}: `)
        .and.match(says);
    });
  }

  it("reports everything at once, by key or variable", () => {
    const message = problemsOf(() =>
      read(
        {
          "pve-posture:preview": "maybe",
          "pve-posture:lockTimeoutSeconds": "601",
          "pve-posture:nodes": '{"a":{"port":-1}}',
        },
        { PVE_POSTURE_CONNECT_TIMEOUT_SECONDS: "1.5" },
      ),
    );
    expect(message).to.contain("pve-posture:preview: ").and.contain("pve-posture:lockTimeoutSeconds: ");
    expect(message)
      .to.contain("pve-posture:nodes.a.port: ")
      .and.contain("PVE_POSTURE_CONNECT_TIMEOUT_SECONDS: ");
  });

  it("never shows a value", () => {
    const secret = "hunter2-hunter2";
    const message = problemsOf(() =>
      nodes({ a: { privateKey: secret, password: 5, hostKey: secret, passphrase: { secret } } }),
    );
    expect(message).not.to.contain(secret);
    expect(problemsOf(() => read({ "pve-posture:nodes": `{"a":{"password":"${secret}"` }))).not.to.contain(
      secret,
    );
    expect(problemsOf(() => read({ "pve-posture:nodes": secret }))).not.to.contain(secret);
  });

  it("throws nothing but PostureErrors", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          read({ "pve-posture:nodes": text });
        } catch (error) {
          expect(error).to.be.instanceOf(PostureError);
        }
      }),
    );
  });
});
