import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { PostureError } from "../../provider/errors";
import type { NodeSettings } from "../../provider/node/settings";
import { resolveTarget } from "../../provider/node/resolve";
import { canonicalKeyword, fateOf } from "../../provider/node/ssh-directives";
import type { Target } from "../../provider/node/target";

const home = homedir();
const me = userInfo().username;
const dir = mkdtempSync(join(tmpdir(), "pve-posture-cfg-"));
const config = join(dir, "config");

/** Settles a node with this text as the only ssh_config; further files by path below the temporary folder. */
function resolve(
  text: string,
  node = "pve1",
  nodes: Record<string, NodeSettings> = {},
  files: Record<string, string> = {},
): Target {
  writeFileSync(config, text.replaceAll("DIR", dir));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content.replaceAll("DIR", dir));
  }
  const local = { home, user: me, env: { SSH_AUTH_SOCK: "/run/agent", KEYS: "/keys" } };
  return resolveTarget(node, { nodes, sshConfig: config, preview: "live", lockTimeoutSeconds: 10, timeoutSeconds: 120 }, local);
}
const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(PostureError).with.property("code", "invalid-settings");
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
};

describe("ssh_config", () => {
  after(() => rmSync(dir, { recursive: true, force: true }));

  // Each of these is also put to `ssh -G`, where there is one.
  const cases: [
    title: string,
    text: string,
    expected: { host?: string; user?: string; port?: number },
    node?: string,
  ][] = [
    ["nothing", "", { host: "pve1", user: me, port: 22 }],
    [
      "a host block",
      "Host pve1\n  HostName 10.0.0.1\n  User root\n  Port 2222",
      { host: "10.0.0.1", user: "root", port: 2222 },
    ],
    ["keywords know no case", "hOsT pve1\nhostname 10.0.0.1\nUSER root", { host: "10.0.0.1", user: "root" }],
    ["= and quotes", 'Host=pve1\nHostName = "10.0.0.1"\nUser="root"', { host: "10.0.0.1", user: "root" }],
    ["comments", "# c\nHost pve1 # c\nHostName a#b # c\n#User x\n  # c", { host: "a#b", user: me }],
    ["tabs and CRLF", "Host pve1\r\n\tHostName\t10.0.0.1\r\n", { host: "10.0.0.1" }],
    ["first value wins", "Host pve1\nUser a\nHost *\nUser b\nPort 3", { user: "a", port: 3 }],
    ["outside any block", "User a\nHost pve1\nUser b", { user: "a" }],
    ["another host", "Host pve2\nUser a", { user: me }],
    ["wildcards", "Host pve?\nUser a", { user: "a" }],
    ["? is exactly one", "Host pve1?\nUser a", { user: me }],
    ["several patterns, negated", "Host * !pve1\nUser a\nHost x pve*\nUser b", { user: "b" }],
    ["%h in HostName", "Host pve1\nHostName %h.example", { host: "pve1.example" }],
    ["Host sees the name as given", "Host 10.0.0.1\nUser a\nHost pve1\nHostName 10.0.0.1", { user: me }],
    ["Match host sees HostName", "Host pve1\nhostname 10.0.0.1\nMatch host 10.0.0.*\nUser a", { user: "a" }],
    ["Match originalhost", "Host pve1\nHostName 10.0.0.1\nMatch originalhost pve1\nUser a", { user: "a" }],
    ["Match all", "Match all\nUser a", { user: "a" }],
    [
      "Match of two",
      "Match host pve1 originalhost pve2\nUser a\nMatch host pve1 originalhost pve1\nUser b",
      { user: "b" },
    ],
    ["Match negated", "Match !host pve2\nUser a", { user: "a" }],
    ["Match list", "Match host pve2,pve1\nUser a", { user: "a" }],
    ["Match list negated inside", "Match host pve*,!pve1\nUser a", { user: me }],
    ["Match user as named", "Match user root\nPort 2222", { user: "root", port: 2222 }, "root@pve1"],
    ["Match user from above", "User root\nMatch user root\nPort 2222", { port: 2222 }],
    ["Match localuser", `Match localuser ${me}\nUser a`, { user: "a" }],
    ["Match final", "Match final host 10.0.0.1\nUser a\nHost pve1\nHostName 10.0.0.1", { user: "a" }],
    [
      "Host in the final pass sees HostName",
      "Host 10.0.0.1\nUser a\nHost pve1\nHostName 10.0.0.1\nMatch final\nPort 3",
      { user: "a", port: 3 },
    ],
    ["Match canonical doesn't hold", "Match canonical\nUser a", { user: me }],
    ["Include", "Include DIR/a.conf\nUser b", { user: "a" }],
    ["Include of a pattern, sorted", "Include DIR/d/*.conf", { user: "d1", port: 5 }],
    ["Include in a block that doesn't hold", "Host pve2\nInclude DIR/a.conf\nHost *\nUser b", { user: "b" }],
    [
      "Include doesn't end the block",
      "Host pve1\nInclude DIR/blocks.conf\nPort 7",
      { user: "in-block", port: 7 },
    ],
    ["Include of nothing", "Include DIR/none/*.conf DIR/none.conf\nUser b", { user: "b" }],
    ["the name's user wins", "Host pve1\nUser a", { user: "z" }, "z@pve1"],
  ];
  const files = {
    "a.conf": "User a",
    "d/2.conf": "User d2\nPort 5",
    "d/1.conf": "User d1",
    "d/.hidden.conf": "User hidden",
    "blocks.conf": "Host pve2\nPort 1\nHost pve1\nUser in-block",
  };
  for (const [title, text, expected, node] of cases) {
    it(title, () => {
      expect(resolve(text, node, {}, files)).to.deep.include(expected);
      if (!existsSync("/usr/bin/ssh")) return;
      const said = execFileSync("ssh", ["-G", "-F", config, node ?? "pve1"], { encoding: "utf8" });
      const value = (keyword: string) => new RegExp(`^${keyword} (.*)$`, "m").exec(said)?.[1];
      const real = { host: value("hostname"), user: value("user"), port: Number(value("port")) };
      expect(real, "ssh -G").to.deep.include(expected);
    });
  }

  describe("login", () => {
    it("has ssh's default keys and agent", () => {
      expect(resolve("").login).to.deep.include({
        defaultKeyFiles: true,
        agent: "/run/agent",
        identitiesOnly: false,
      });
      expect(resolve("").login.keyFiles).to.deep.equal(
        ["id_ed25519", "id_ecdsa", "id_rsa"].map((f) => `${home}/.ssh/${f}`),
      );
    });
    it("adds IdentityFiles up, with tokens", () => {
      const text =
        'Host pve1\nUser root\nIdentityFile ~/.ssh/%n-%r\nIdentityFile "%d/my key"\nHost *\nIdentityFile ${KEYS}/%h_%p_%u\nIdentityFile ~/.ssh/%n-%r';
      const expected = [`${home}/.ssh/pve1-root`, `${home}/my key`, `/keys/pve1_22_${me}`];
      expect(resolve(text).login).to.deep.include({ keyFiles: expected, defaultKeyFiles: false });
    });
    it("none is none", () => expect(resolve("IdentityFile none").login.keyFiles).to.deep.equal([]));
    it("IdentitiesOnly", () => expect(resolve("IdentitiesOnly yes").login.identitiesOnly).to.be.true);
    const agents: [string, string | undefined][] = [
      ["none", undefined],
      ["SSH_AUTH_SOCK", "/run/agent"],
      ["$KEYS", "/keys"],
      ["$MISSING", undefined],
      ["~/agent.sock", `${home}/agent.sock`],
    ];
    for (const [value, socket] of agents) {
      it(`IdentityAgent ${value}`, () =>
        expect(resolve(`IdentityAgent ${value}`).login.agent).to.equal(socket));
    }
    it("settings win", () => {
      const target = resolve("HostName x\nUser y\nPort 1\nIdentityAgent /a\nIdentityFile /k", "pve1", {
        pve1: {
          host: "h",
          user: "u",
          port: 2,
          agent: false,
          privateKeyFile: "~/k",
          knownHostsFile: "/kh",
          sudo: false,
        },
      });
      expect(target).to.include({ host: "h", user: "u", port: 2, sudo: false });
      expect(target.hostFrom).to.equal("pve-posture:nodes.pve1.host");
      expect(target.login).to.deep.include({ agent: undefined, firstKeyFile: `${home}/k`, keyFiles: ["/k"] });
      expect(target.trust.files).to.deep.equal(["/kh"]);
    });
    it("uses sudo when the user isn't root", () => {
      expect(resolve("", "root@pve1").sudo).to.be.false;
      expect(resolve("", "alice@pve1").sudo).to.be.true;
      expect(resolve("", "root@pve1", { pve1: { sudo: true } }).sudo).to.be.true;
    });
    it("says where a host name comes from", () =>
      expect(resolve("\nHostName x").hostFrom).to.equal(`HostName in ${config}:2`));
  });

  it("reads where host keys are listed, and never takes one unseen", () => {
    for (const value of ["no", "off", "accept-new", "ask"]) {
      const { trust } = resolve(
        `StrictHostKeyChecking ${value}\nHostKeyAlias c\nUserKnownHostsFile "/a b" ~/kh\nGlobalKnownHostsFile none`,
      );
      expect(trust).to.deep.include({
        alias: "c",
        pinned: undefined,
        files: ["/a b", `${home}/kh`],
        revokedFile: undefined,
      });
      expect(trust.notes.length, value).to.equal(value === "ask" ? 0 : 1);
    }
  });

  it("reads ConnectTimeout, BindAddress and AddressFamily", () => {
    expect(resolve("ConnectTimeout 3\nBindAddress 127.0.0.2\nAddressFamily inet6")).to.include({
      connectTimeoutSeconds: 3,
      localAddress: "127.0.0.2",
      family: 6,
    });
  });

  describe("ProxyJump", () => {
    const chain = (target: Target | undefined): string[] =>
      target ? [...chain(target.via), `${target.user}@${target.host}:${target.port}`] : [];
    const jumps: [title: string, text: string, chain: string[]][] = [
      ["one", "Host pve1\nProxyJump j@jump:2", ["j@jump:2"]],
      [
        "each with its own settings",
        "Host pve1\nProxyJump jump\nHost jump\nHostName j.example\nUser j\nPort 9",
        ["j@j.example:9"],
      ],
      ["several", "Host pve1\nProxyJump a@a,b@b:2,ssh://c@c:3", ["a@a:22", "b@b:2", "c@c:3"]],
      ["a jump host's own", "Host pve1\nProxyJump b@b\nHost b\nProxyJump a@a", ["a@a:22", "b@b:22"]],
      [
        "of several, only the first hop's own",
        "Host pve1\nProxyJump b@b,c@c\nHost b\nProxyJump a@a\nHost c\nProxyJump x",
        ["a@a:22", "b@b:22", "c@c:22"],
      ],
      [
        "tokens",
        "Host pve1\nUser u\nProxyJump %r@jump-%n:2,b%%\nHost b*\nUser b",
        ["u@jump-pve1:2", "b@b%:22"],
      ],
      ["none", "Host pve1\nProxyJump none\nHost *\nProxyJump x", []],
      ["ProxyCommand none comes first", "ProxyCommand none\nProxyJump x", []],
    ];
    for (const [title, text, hops] of jumps)
      it(title, () => expect(chain(resolve(text).via)).to.deep.equal(hops));
    it("refuses a round", () => expect(refusal(() => resolve("ProxyJump jump"))).to.contain("goes round"));
  });

  const refusals: [title: string, text: string, says: string][] = [
    [
      "Match exec that matters",
      'Host x\nMatch exec "test -e /x"\nUser a',
      'config:2: "Match exec" isn\'t evaluated, and the block sets user',
    ],
    [
      "an unknown criterion that matters",
      "Match localnetwork 10.0.0.0/8\nProxyJump j",
      '"Match localnetwork"',
    ],
    ["Match without a value", "Match host\nUser a", '"host" has no value'],
    ["Match of what nobody can know", "Match version OpenSSH_1*\nUser a", '"Match version"'],
    ["Match command", 'Match command "true"\nIdentityFile /k', '"Match command"'],
    ["CanonicalizeHostname", "CanonicalizeHostname yes", "config:1: canonicalizehostname isn't supported"],
    ["BindInterface", "BindInterface eth1", "config:1: bindinterface isn't supported"],
    ["CheckHostIP", "\nCheckHostIP yes", "config:2: checkhostip isn't supported"],
    ["KnownHostsCommand", "KnownHostsCommand /bin/k %H", 'knownhostscommand isn\'t supported ("/bin/k %H")'],
    ["PKCS11Provider", "PKCS11Provider /lib/p.so", "pkcs11provider isn't supported"],
    ["SmartcardDevice, its old name", "SmartcardDevice /lib/p.so", "pkcs11provider isn't supported"],
    [
      "ProxyUseFdpass",
      "ProxyCommand nc -F %h %p\nProxyUseFdpass yes",
      "config:2: proxyusefdpass isn't supported",
    ],
    [
      "RefuseConnection",
      'RefuseConnection "use the other one"',
      'refuseconnection isn\'t supported (""use the other one"")',
    ],
    ["tokens in User", "User %u-admin", "config:1: tokens in User aren't understood"],
    ["a directive that nobody knows", "HostNmae x", "config:1: hostnmae is no directive that is known"],
    [
      "HostKeyAlgorithms that leave nothing",
      "HostKeyAlgorithms ssh-dss",
      "config:1: hostkeyalgorithms leaves nothing",
    ],
    ["no flag", "IdentitiesOnly maybe", '"maybe" is none of yes, no'],
    ["no time", "ServerAliveInterval soon", '"soon" is no time'],
    [
      "an unknown token of ProxyCommand",
      "ProxyCommand nc %z",
      "config:1: %z isn't understood in proxycommand",
    ],
    ["an open quote", 'User "a', "config:1 can't be read: a quote isn't closed"],
    ["no value", "User", "config:1 can't be read: User has no value"],
    ["two values", "HostName a b", "hostname takes one value"],
    ["a port that is none", "\nPort ssh", 'config:2: "ssh" is no whole number'],
    ["an unknown token", "IdentityFile %q", "%q isn't understood"],
    ["an unset variable", "IdentityFile ${NOPE}/k", "NOPE isn't set"],
    ["an endless Include", "Include DIR/config", "deeper than 16"],
  ];
  for (const [title, text, says] of refusals)
    it(`refuses ${title}`, () => expect(refusal(() => resolve(text))).to.contain(says));

  describe("names that a shell would read more in than a name", () => {
    const names = [
      "$(id)",
      "`id`",
      "a;id",
      "a b",
      "a|b",
      "-oproxycommand=id",
      "a'b",
      'a"b',
      "a\\b",
      "a&b",
      "a>b",
      "a*",
      "~root",
      "a\nb",
      "{a,b}",
      "a#b",
      "!x",
    ];
    for (const name of names) {
      it(JSON.stringify(name), () => {
        const nodes = { pve1: { host: name } };
        expect(refusal(() => resolve("ProxyCommand nc %h %p", "pve1", nodes))).to.contain(
          `config:1: ${JSON.stringify(name)} can't stand for %h`,
        );
        expect(refusal(() => resolve("ProxyCommand nc %h %r", "pve1", { pve1: { user: name } }))).to.contain(
          "can't stand for %r",
        );
        // where the command doesn't hold it, it is of no consequence
        expect(resolve("ProxyCommand nc jump", "pve1", nodes).proxy?.command).to.equal("nc jump");
      });
    }
    it("names that are none", () => {
      for (const name of ["fd00::1", "pve-1.example", "fe80::1%eth0", "10.0.0.1"]) {
        expect(resolve("ProxyCommand nc %h %p", "pve1", { pve1: { host: name } }).proxy?.command).to.equal(
          `nc ${name} 22`,
        );
      }
    });
    it("random ones never change how many words a shell sees", () => {
      fc.assert(
        fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (name) => {
          let command: string;
          try {
            command = resolve("ProxyCommand printf '%%s\\n' x%h %r", "pve1", {
              pve1: { host: name, user: name },
            }).proxy!.command;
          } catch (error) {
            expect(error).to.be.instanceOf(PostureError);
            return;
          }
          const { stdout } = spawnSync("/bin/sh", ["-c", command], { encoding: "utf8" });
          expect(stdout).to.equal(`x${name.toLowerCase()}\n${name}\n`);
        }),
      );
    });
  });

  describe("every directive has a fate", () => {
    // ssh_config(5) of OpenSSH 10.2
    const all =
      `AddKeysToAgent AddressFamily BatchMode BindAddress BindInterface CanonicalDomains CanonicalizeFallbackLocal
      CanonicalizeHostname CanonicalizeMaxDots CanonicalizePermittedCNAMEs CASignatureAlgorithms CertificateFile ChannelTimeout
      CheckHostIP Ciphers ClearAllForwardings Compression ConnectionAttempts ConnectTimeout ControlMaster ControlPath ControlPersist
      DynamicForward EnableEscapeCommandline EnableSSHKeysign EscapeChar ExitOnForwardFailure FingerprintHash ForkAfterAuthentication
      ForwardAgent ForwardX11 ForwardX11Timeout ForwardX11Trusted GatewayPorts GlobalKnownHostsFile GSSAPIAuthentication
      GSSAPIDelegateCredentials HashKnownHosts Host HostbasedAcceptedAlgorithms HostbasedAuthentication HostKeyAlgorithms HostKeyAlias
      Hostname IdentitiesOnly IdentityAgent IdentityFile IgnoreUnknown Include IPQoS KbdInteractiveAuthentication KbdInteractiveDevices
      KexAlgorithms KnownHostsCommand LocalCommand LocalForward LogLevel LogVerbose MACs Match NoHostAuthenticationForLocalhost
      NumberOfPasswordPrompts ObscureKeystrokeTiming PasswordAuthentication PermitLocalCommand PermitRemoteOpen PKCS11Provider Port
      PreferredAuthentications ProxyCommand ProxyJump ProxyUseFdpass PubkeyAcceptedAlgorithms PubkeyAuthentication RefuseConnection
      RekeyLimit RemoteCommand RemoteForward RequestTTY RequiredRSASize RevokedHostKeys SecurityKeyProvider SendEnv ServerAliveCountMax
      ServerAliveInterval SessionType SetEnv StdinNull StreamLocalBindMask StreamLocalBindUnlink StrictHostKeyChecking SyslogFacility Tag
      TCPKeepAlive Tunnel TunnelDevice UpdateHostKeys User UserKnownHostsFile VerifyHostKeyDNS VersionAddendum VisualHostKey
      WarnWeakCrypto XAuthLocation`.split(/\s+/);
    it("of the manual", () =>
      expect(all.filter((keyword) => fateOf(canonicalKeyword(keyword)) === "unknown")).to.deep.equal([]));
    it("of the ssh of this machine", function () {
      if (!existsSync("/usr/bin/ssh")) return this.skip();
      const said = execFileSync("ssh", ["-G", "-F", "none", "x"], { encoding: "utf8" }).trim().split("\n");
      const unknown = said
        .map((line) => line.split(" ")[0]!)
        .filter((keyword) => fateOf(canonicalKeyword(keyword)) === "unknown");
      expect(unknown).to.deep.equal([]);
    });
    it("harmless values of what isn't supported", () => {
      const text =
        "CanonicalizeHostname no\nCheckHostIP no\nKnownHostsCommand none\nPKCS11Provider none\nProxyUseFdpass no";
      expect(resolve(`${text}\nUser a`).user).to.equal("a");
    });
    it("what the settings take over", () => {
      const own = { host: "h", hostKey: `SHA256:${"A".repeat(43)}` };
      expect(
        resolve("CanonicalizeHostname yes\nCheckHostIP yes\nKnownHostsCommand /x", "pve1", { pve1: own })
          .host,
      ).to.equal("h");
    });
    it("ProxyUseFdpass without a ProxyCommand", () =>
      expect(resolve("ProxyUseFdpass yes").proxy).to.be.undefined);
  });

  it("follows Tag, Match tagged and Match sessiontype", () => {
    expect(resolve("Tag work\nMatch tagged home\nUser a\nMatch tagged w*\nUser b").user).to.equal("b");
    expect(resolve("Match sessiontype shell\nUser a\nMatch sessiontype exec\nUser b").user).to.equal("b");
  });
  it("follows ServerAlive, or asks for a sign of life every 15 s", () => {
    expect(resolve("").keepalive).to.deep.equal({ seconds: 15, unanswered: 3 });
    expect(resolve("ServerAliveInterval 1m\nServerAliveCountMax 5").keepalive).to.deep.equal({
      seconds: 60,
      unanswered: 5,
    });
    expect(resolve("ServerAliveInterval 0").keepalive.seconds).to.equal(0);
  });

  it("refuses what others may write, as ssh does", () => {
    const path = join(dir, "open.conf");
    writeFileSync(path, "User a");
    chmodSync(path, 0o664);
    expect(refusal(() => resolve(`Include ${path}`))).to.contain(`${path} can be written by others`);
    chmodSync(path, 0o644);
    expect(resolve(`Include ${path}`).user).to.equal("a");
    const local = { home: join(dir, "home"), user: me, env: {} };
    const own = join(local.home, ".ssh/config");
    mkdirSync(dirname(own), { recursive: true });
    writeFileSync(own, "User a");
    const read = () =>
      resolveTarget("pve1", { nodes: {}, preview: "live", lockTimeoutSeconds: 1, timeoutSeconds: 120 }, local).user;
    expect(read()).to.equal("a");
    chmodSync(own, 0o646);
    expect(refusal(read)).to.contain("can be written by others");
  });

  it("doesn't mind what is of no consequence", () => {
    const marker = join(dir, "ran");
    expect(
      resolve(
        `Match exec "touch ${marker}"\nForwardAgent yes\nStrictHostKeyChecking no\nMatch exec x host pve2\nUser a\nMatch all\nUser b`,
      ).user,
    ).to.equal("b");
    expect(existsSync(marker)).to.be.false;
  });
  it("reads nothing when told none", () => {
    writeFileSync(config, "User a");
    expect(
      resolveTarget("pve1", { nodes: {}, sshConfig: "none", preview: "live", lockTimeoutSeconds: 1, timeoutSeconds: 120 }).user,
    ).to.equal(me);
  });
  it("throws nothing but PostureErrors", () => {
    const words = fc.array(
      fc.oneof(fc.string(), fc.constantFrom("\n", "Host ", "Match ", "pve1", " ", "host", '"', "User ")),
    );
    fc.assert(
      fc.property(words, (parts) => {
        try {
          resolve(parts.join(""));
        } catch (error) {
          expect(error).to.be.instanceOf(PostureError);
        }
      }),
    );
  });
});
