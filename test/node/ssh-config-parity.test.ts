import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { PostureError } from "../../provider/errors";
import { parseNodeName } from "../../provider/node/node-name";
import { resolveTarget } from "../../provider/node/resolve";
import { readHostConfig } from "../../provider/node/ssh-config";
import { parseWay } from "../../provider/node/ssh-proxy";
import { localSide } from "../../provider/node/ssh-tokens";

const SSH = "/usr/bin/ssh";
const local = { ...localSide(), env: { ...process.env, SSH_AUTH_SOCK: "/run/agent" } };

/** What is compared, by ssh's names; a list is one text. */
type Facts = Record<string, string | undefined>;

describe("ssh_config, beside ssh -G", () => {
  const dir = mkdtempSync(join(tmpdir(), "pve-posture-parity-"));
  const config = join(dir, "config");
  mkdirSync(join(dir, "d"));
  before(function () {
    if (existsSync(SSH)) return;
    if (process.env.CI === "true") throw new Error(`${SSH} is missing: install openssh-client`);
    this.skip();
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  const write = (text: string, included: Record<string, string> = {}) => {
    rmSync(join(dir, "d"), { recursive: true });
    mkdirSync(join(dir, "d"));
    for (const [name, content] of Object.entries({ ...included, "../config": text }))
      writeFileSync(join(dir, "d", name), content.replaceAll("DIR", dir));
  };

  /** undefined: ssh refuses the file. */
  function theirs(node: string): Facts | undefined {
    const { status, stdout } = spawnSync(SSH, ["-G", "-F", config, node], {
      encoding: "utf8",
      env: local.env,
    });
    if (status !== 0) return undefined;
    const all = (keyword: string) =>
      [...stdout.matchAll(new RegExp(`^${keyword} (.*)$`, "gm"))].map(([, value]) => value!.trim());
    const one = (keyword: string) => all(keyword)[0];
    return {
      hostname: one("hostname"),
      user: one("user"),
      port: one("port"),
      identityfile: all("identityfile").join("|"),
      certificatefile: all("certificatefile").join("|"),
      userknownhostsfile: one("userknownhostsfile"),
      hostkeyalias: one("hostkeyalias"),
      identityagent: one("identityagent"),
      identitiesonly: one("identitiesonly"),
      connecttimeout: one("connecttimeout"),
      serveraliveinterval: one("serveraliveinterval"),
      serveralivecountmax: one("serveralivecountmax"),
      proxyjump: one("proxyjump")?.replaceAll("ssh://", "").replaceAll("/", ""),
      proxycommand: one("proxycommand"),
      addressfamily: one("addressfamily"),
      bindaddress: one("bindaddress"),
    };
  }

  /** The same of our reader; what only we have a default for is shown as ssh's. */
  function ours(node: string): Facts {
    const target = resolveTarget(
      node,
      { nodes: {}, sshConfig: config, preview: "live", lockTimeoutSeconds: 1, timeoutSeconds: 120 },
      local,
    );
    const { host, user } = parseNodeName(node);
    const { first, identityFiles, certificateFiles } = readHostConfig([config], { host, user }, local);
    const raw = (keyword: string) => first.get(keyword)?.words[0];
    const listed = (lines: typeof identityFiles) => lines.map(({ words }) => words[0]!).join("|");
    const way = parseWay(first.get("proxyjump"));
    const isSet = (keyword: string) => first.has(keyword);
    return {
      hostname: target.host,
      user: target.user,
      port: String(target.port),
      identityfile:
        identityFiles.length > 0
          ? listed(identityFiles)
          : "~/.ssh/id_rsa|~/.ssh/id_ecdsa|~/.ssh/id_ecdsa_sk|~/.ssh/id_ed25519|~/.ssh/id_ed25519_sk|~/.ssh/id_xmss|~/.ssh/id_dsa",
      certificatefile: listed(certificateFiles),
      userknownhostsfile: isSet("userknownhostsfile")
        ? target.trust.files.filter((f) => !f.startsWith("/etc/ssh/")).join(" ")
        : `${local.home}/.ssh/known_hosts ${local.home}/.ssh/known_hosts2`,
      hostkeyalias: target.trust.alias,
      identityagent: isSet("identityagent")
        ? raw("identityagent") === "none"
          ? "none"
          : target.login.agent
        : undefined,
      identitiesonly: target.login.identitiesOnly ? "yes" : "no",
      connecttimeout:
        isSet("connecttimeout") && raw("connecttimeout") !== "none"
          ? String(target.connectTimeoutSeconds)
          : "none",
      serveraliveinterval: isSet("serveraliveinterval") ? String(target.keepalive.seconds) : "0",
      serveralivecountmax: String(target.keepalive.unanswered),
      proxyjump: way.jumps.length > 0 ? way.jumps.join(",") : undefined,
      proxycommand: way.command?.rest,
      addressfamily: target.family === 4 ? "inet" : target.family === 6 ? "inet6" : "any",
      bindaddress: target.localAddress,
    };
  }

  /** Compares, and says whether both took the file. */
  function agree(node: string, text: string): boolean {
    const expected = theirs(node);
    let got: Facts;
    try {
      got = ours(node);
    } catch (error) {
      if (!(error instanceof PostureError)) throw error;
      if (/goes round/.test(error.message)) return false; // ssh would only notice when it runs out of processes
      expect(expected, `only ours refuses it: ${error.message}\n${text}`).to.be.undefined;
      return false;
    }
    expect(expected, `only ssh refuses it:\n${text}`).not.to.be.undefined;
    expect(got, text).to.deep.equal(expected);
    return true;
  }

  const cases: [title: string, text: string, node?: string][] = [
    ["nothing", ""],
    ["names in capitals", "Host PVE1\nUser a\nHost pve1\nUser b\nMatch host pve1\nPort 5", "PVE1"],
    ["HostName in capitals", "HostName PVE9.Example\nMatch host pve9.example\nUser a"],
    ["times", "ConnectTimeout 1m30s\nServerAliveInterval 1h1\nServerAliveCountMax 0"],
    ["none for times", "ConnectTimeout none\nServerAliveInterval 7"],
    ["an alias in capitals", "HostKeyAlias Foo\nUserKnownHostsFile ~/%k /x"],
    ["tokens in known_hosts", "HostName h\nUser u\nPort 7\nUserKnownHostsFile %d/%h-%n-%p-%r-%u-%i-%L-%l-%%"],
    ["quotes", `User "a b"\nIdentityFile 'c d'\nIdentityFile "e\\"f"\nCertificateFile g\\ h`],
    ["= in all places", "User=a\nPort = 7\nHostName= h\nHostKeyAlias =k"],
    ["= behind Host and Match", "Host=pve1\nUser a\nMatch=host pve1\nPort 6"],
    ["= in a criterion", "Match host=pve1\nUser a"],
    ["a ProxyCommand with quotes and hashes", `ProxyCommand nc -X "a b" %h %p # d`],
    ["a ProxyCommand with =", "ProxyCommand = nc %h %p"],
    ["ProxyCommand before ProxyJump", "Host pve1\nProxyCommand nc %h\nProxyJump j"],
    ["ProxyJump before ProxyCommand", "Host pve1\nProxyJump j\nProxyCommand nc %h"],
    ["ProxyJump none before ProxyCommand", "ProxyJump none\nProxyCommand nc %h"],
    ["ProxyCommand none before ProxyJump", "ProxyCommand none\nProxyJump j"],
    ["a ProxyJump of several, and URIs", "Host pve1\nProxyJump a@b:3,ssh://c@d:4/,e"],
    ["agents", "IdentityAgent ~/a\nIdentitiesOnly true"],
    ["no agent", "IdentityAgent none"],
    [
      "old names",
      "PubkeyAcceptedKeyTypes +ssh-rsa\nChallengeResponseAuthentication no\nDSAAuthentication yes\nUserKnownHostsFile2 /x\nUser a",
    ],
    ["unknown, and said to be", "IgnoreUnknown Foo*\nFooBar x\nUser a"],
    ["unknown", "FooBar x\nUser a"],
    ["Match all", "Match all\nUser a"],
    ["Match all with others", "Match all host pve1\nUser a"],
    ["Match of an unknown criterion", "Match foo bar\nUser a"],
    ["Match without anything", "Match\nUser a"],
    ["Host without anything", "Host\nUser a"],
    ["Match negated final", "Match !final\nUser a\nMatch final\nPort 7"],
    ["several words", "Port 1 2"],
    ["a port of 0", "Port 0"],
    ["a form feed and blanks at the end", "User a \t\f\nPort 7"],
    ["quoted patterns", `Host "pve1" 'x y'\nUser a`],
    ["patterns in one quote", `Host "x pve1"\nUser a`],
    ["a negated pattern alone", "Host !x\nUser a"],
    ["a keyword in quotes", `"User" a`],
    ["bad flags", "IdentitiesOnly maybe"],
    ["empty quotes", `User ""`],
    ["an escaped hash", `User \\#a`],
    ["a word with quotes inside", `User a"b c"d`],
    ["Match user of the name", "Match user z\nPort 9", "z@pve1"],
    ["no end of the last line", "User a\nPort 7"],
    ["an IPv6 address", "Host pve1\nHostName fd00::1\nProxyJump [fd00::2]:7"],
  ];
  for (const [title, text, node = "pve1"] of cases) {
    it(title, () => {
      write(text);
      agree(node, text);
    });
  }

  it("random files", function () {
    this.timeout(600_000);
    const host = fc.constantFrom("pve1", "PVE1", "pve2", "p*", "pve?", "*.1", "10.0.0.1", "10.*", "*", "x");
    const pattern = fc.tuple(fc.constantFrom("", "", "", "!"), host).map((parts) => parts.join(""));
    const list = (separator: string) =>
      fc.array(pattern, { minLength: 1, maxLength: 3 }).map((all) => all.join(separator));
    const value: Record<string, string[]> = {
      User: ["a", "b", "root"],
      HostName: ["10.0.0.1", "pve2", "%h.lan", "PVE1"],
      Port: ["1", "2200"],
      IdentityFile: ["~/k1", "/k 2", "%d/%n-%r", "none", "~/k1"],
      CertificateFile: ["~/c1", "/c2"],
      UserKnownHostsFile: ["/kh", "~/kh-%h"],
      HostKeyAlias: ["al", "AL"],
      IdentityAgent: ["none", "/agent"],
      IdentitiesOnly: ["yes", "no"],
      ConnectTimeout: ["5", "1m"],
      ServerAliveInterval: ["0", "30"],
      ServerAliveCountMax: ["1", "5"],
      ProxyJump: ["j1", "u@j1:7,j2", "none"],
      ProxyCommand: ["nc %h %p", "none"],
      AddressFamily: ["inet", "any"],
      ForwardAgent: ["yes"],
    };
    const plain = fc
      .record({
        keyword: fc.constantFrom(...Object.keys(value)),
        at: fc.nat(9),
        style: fc.constantFrom(
          "K V",
          "K=V",
          "  k  V",
          "K = V",
          "\tK\tV  ",
          `K "V"`,
          "K 'V' # c",
          "K V # c",
          "U V",
        ),
      })
      .map(({ keyword, at, style }) => {
        const text = value[keyword]![at % value[keyword]!.length]!;
        // a command is all that stands there, quotes and comments too; and before 9.3 hops were
        const safe = keyword.startsWith("Proxy")
          ? style.replace(/["']| # c/g, "")
          : text.includes(" ")
            ? `K "V"`
            : style;
        const parts: Record<string, string> = {
          K: keyword,
          k: keyword.toLowerCase(),
          U: keyword.toUpperCase(),
          V: text,
        };
        return safe.replace(/[KkUV]/g, (part) => parts[part]!);
      });
    const criterion = fc.oneof(
      fc
        .tuple(fc.constantFrom("host", "originalhost", "!host", "HOST"), list(","))
        .map((all) => all.join(" ")),
      fc
        .tuple(fc.constantFrom("user", "!user"), fc.constantFrom("a", "a,b", "r*", local.user))
        .map((all) => all.join(" ")),
      fc.constantFrom(
        `localuser ${local.user}`,
        "localuser x",
        `!localuser ${local.user}`,
        "final",
        "!final",
        "canonical",
      ),
    );
    const block = fc.oneof(
      { weight: 3, arbitrary: list(" ").map((names) => `Host ${names}`) },
      {
        weight: 3,
        arbitrary: fc.array(criterion, { minLength: 1, maxLength: 3 }).map((all) => `Match ${all.join(" ")}`),
      },
      { weight: 1, arbitrary: fc.constantFrom("Match all", "Match final all", "Match canonical all") },
    );
    const include = fc.constantFrom(
      "Include DIR/d/*.conf",
      "Include DIR/d/a.conf DIR/d/none",
      'Include "DIR/d/?.conf"',
      "Include DIR/none/*",
    );
    const lines = (maxLength: number) =>
      fc
        .array(
          fc.oneof(
            { weight: 6, arbitrary: plain },
            { weight: 3, arbitrary: block },
            { weight: 1, arbitrary: fc.constantFrom("", "# c") },
          ),
          { maxLength },
        )
        .map((all) => all.join("\n"));
    const file = fc
      .tuple(lines(6), fc.option(include), lines(8))
      .map((parts) => parts.filter((part) => part !== null).join("\n"));
    let taken = 0;
    fc.assert(
      fc.property(
        fc.constantFrom("pve1", "pve1", "PVE1", "root@pve1", "10.0.0.1"),
        file,
        lines(4),
        lines(4),
        (node, text, a, b) => {
          write(text, { "a.conf": a, "b.conf": b, ".h.conf": "User hidden" });
          if (agree(node, `${node}\n--\n${text}\n-- a\n${a}\n-- b\n${b}`)) taken++;
        },
      ),
      { numRuns: process.env.PVE_POSTURE_FUZZ ? 2000 : 300 },
    );
    expect(taken, "files that both take").to.be.greaterThan(180);
  });
});
