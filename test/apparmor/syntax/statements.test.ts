import { expect } from "chai";
import type { Statement } from "../../../provider/apparmor/ast.js";
import { parse } from "../../../provider/apparmor/syntax/index.js";

/** The tree without spans. */
const plain = (tree: unknown): unknown => JSON.parse(JSON.stringify(tree, (key, value: unknown) => (key === "span" ? undefined : value)));
const word = (value: string) => ({ value });

function body(rule: string): Statement[] {
  const document = parse(`profile x {\n${rule}\n}\n`);
  expect(document.errors, rule).to.deep.equal([]);
  const [profile] = document.statements;
  return profile?.kind === "profile" ? profile.body : [];
}

describe("rules as apparmor.d(5) writes them", () => {
  const cases: [string, object][] = [
    ["/etc/hosts r,", { kind: "file", qualifiers: {}, permissions: "r", path: word("/etc/hosts") }],
    ["rw /a,", { kind: "file", qualifiers: {}, permissions: "rw", leading: true, path: word("/a") }],
    ["file,", { kind: "file", qualifiers: {}, permissions: "rwlkm", keyword: true, exec: "ix" }],
    ["owner /srv/** krw,", { kind: "file", qualifiers: { owner: "owner" }, permissions: "rwk", path: word("/srv/**") }],
    ["audit deny /a wl,", { kind: "file", qualifiers: { audit: true, mode: "deny" }, permissions: "wl", path: word("/a") }],
    ["/bin/x rPx -> y,", { kind: "file", qualifiers: {}, permissions: "r", exec: "Px", path: word("/bin/x"), target: word("y") }],
    ["unsafe /a px,", { kind: "file", qualifiers: {}, environment: "unsafe", permissions: "", exec: "px", path: word("/a") }],
    ["l subset /a -> /b,", { kind: "file", qualifiers: {}, permissions: "l", leading: true, subset: true, path: word("/a"), target: word("/b") }],
    ['"/a b" r,', { kind: "file", qualifiers: {}, permissions: "r", path: word("/a b") }],
    ["/a\\040b\\{\\* r,", { kind: "file", qualifiers: {}, permissions: "r", path: word("/a b\\{\\*") }],
    ["/{a,b}/[c-d] r,", { kind: "file", qualifiers: {}, permissions: "r", path: word("/{a,b}/[c-d]") }],
    ["@{HOME}/.x rw,", { kind: "file", qualifiers: {}, permissions: "rw", path: word("@{HOME}/.x") }],
    ["@{HOME} r,", { kind: "file", qualifiers: {}, permissions: "r", path: word("@{HOME}") }],
    ["link subset /a -> /b,", { kind: "link", qualifiers: {}, subset: true, path: word("/a"), target: word("/b") }],
    ["capability,", { kind: "capability", qualifiers: {}, names: [] }],
    ["capability kill net_admin,", { kind: "capability", qualifiers: {}, names: [word("kill"), word("net_admin")] }],
    ["network,", { kind: "network", qualifiers: {}, access: [], conditions: [] }],
    ["network inet tcp,", { kind: "network", qualifiers: {}, access: [], conditions: [], family: word("inet"), type: word("tcp") }],
    ["network raw,", { kind: "network", qualifiers: {}, access: [], conditions: [], type: word("raw") }],
    [
      "network (bind) inet dgram port=53 peer=(ip=::1),",
      {
        kind: "network", qualifiers: {}, access: [word("bind")], family: word("inet"), type: word("dgram"),
        conditions: [{ name: "port", operator: "=", values: [word("53")] }],
        peer: [{ name: "ip", operator: "=", values: [word("::1")] }],
      },
    ],
    [
      "unix (send, receive) type=stream addr=@x peer=(label=y),",
      {
        kind: "unix", qualifiers: {}, access: [word("send"), word("receive")],
        conditions: [{ name: "type", operator: "=", values: [word("stream")] }, { name: "addr", operator: "=", values: [word("@x")] }],
        peer: [{ name: "label", operator: "=", values: [word("y")] }],
      },
    ],
    ["signal send set=(kill, term) peer=x,", {
      kind: "signal", qualifiers: {}, access: [word("send")],
      conditions: [{ name: "set", operator: "=", values: [word("kill"), word("term")] }, { name: "peer", operator: "=", values: [word("x")] }],
    }],
    ["ptrace (trace,read),", { kind: "ptrace", qualifiers: {}, access: [word("trace"), word("read")], conditions: [] }],
    ["dbus send bus=system peer=(name=a.b),", {
      kind: "dbus", qualifiers: {}, access: [word("send")], conditions: [{ name: "bus", operator: "=", values: [word("system")] }],
      peer: [{ name: "name", operator: "=", values: [word("a.b")] }],
    }],
    ["mount options in (ro,rw) fstype=ext4 /a -> /b,", {
      kind: "mount", qualifiers: {}, source: word("/a"), target: word("/b"),
      conditions: [{ name: "options", operator: "in", values: [word("ro"), word("rw")] }, { name: "fstype", operator: "=", values: [word("ext4")] }],
    }],
    ["remount /a,", { kind: "remount", qualifiers: {}, conditions: [], target: word("/a") }],
    ["umount,", { kind: "umount", qualifiers: {}, conditions: [] }],
    ["pivot_root oldroot=/o /n -> p,", {
      kind: "pivot_root", qualifiers: {}, conditions: [{ name: "oldroot", operator: "=", values: [word("/o")] }], path: word("/n"), target: word("p"),
    }],
    ["change_profile unsafe /a -> :n:b,", { kind: "change_profile", qualifiers: {}, environment: "unsafe", exec: word("/a"), target: word(":n:b") }],
    ["change_profile -> safe,", { kind: "change_profile", qualifiers: {}, target: word("safe") }],
    ["userns create,", { kind: "userns", qualifiers: {}, access: [word("create")], conditions: [] }],
    ["mqueue (open,read) type=posix /q,", {
      kind: "mqueue", qualifiers: {}, access: [word("open"), word("read")], conditions: [{ name: "type", operator: "=", values: [word("posix")] }], name: word("/q"),
    }],
    ["io_uring sqpoll label=x,", { kind: "io_uring", qualifiers: {}, access: [word("sqpoll")], conditions: [{ name: "label", operator: "=", values: [word("x")] }] }],
    ["set rlimit data <= 100M,", { kind: "rlimit", qualifiers: {}, resource: word("data"), value: word("100"), unit: word("M") }],
    ["set rlimit nice <= -5,", { kind: "rlimit", qualifiers: {}, resource: word("nice"), value: word("-5") }],
    ["priority=-10 allow all,", { kind: "all", qualifiers: { priority: -10, mode: "allow" } }],
    ["owner { /a r, }", { kind: "block", qualifiers: { owner: "owner" }, body: [{ kind: "file", qualifiers: {}, permissions: "r", path: word("/a") }] }],
    ["include if exists <local/x>", { kind: "include", path: word("local/x"), magic: true, ifExists: true, hash: false }],
    ["#include \"a b\"", { kind: "include", path: word("a b"), magic: false, ifExists: false, hash: true }],
    ["abi < abi/4.0 >,", { kind: "abi", path: word("abi/4.0"), magic: true }],
    ["if not defined @{X} { /a r, } else if $y { } else { }", {
      kind: "if", test: { op: "not", operand: { op: "defined", variable: "set", name: "X" } }, then: [{ kind: "file", qualifiers: {}, permissions: "r", path: word("/a") }],
      otherwise: [{ kind: "if", elseIf: true, test: { op: "boolean", name: "y" }, then: [], otherwise: [] }],
    }],
    ["^h flags=(complain) { }", { kind: "profile", keyword: "^", name: word("h"), flags: [word("complain")], body: [] }],
    ["profile c /bin/c xattrs=(user.a=\"b c\" user.d) (audit) { }", {
      kind: "profile", keyword: "profile", name: word("c"), attachment: word("/bin/c"), flags: [word("audit")], body: [],
      xattrs: [{ name: "user.a", operator: "=", values: [word("b c")] }, { name: "user.d", operator: "=", values: [] }],
    }],
  ];
  for (const [text, tree] of cases) {
    it(text, () => expect(plain(body(text))).to.deep.equal([tree]));
  }
});

describe("the preamble", () => {
  const cases: [string, object[]][] = [
    ["@{X} = a \"b c\" \\\n  d # e\n", [
      { kind: "assignment", name: "X", operator: "=", values: [word("a"), word("b c"), word("d")] },
      { kind: "comment", text: " e", trailing: true },
    ]],
    ["@{X}+=a\r\n$y = TRUE\n", [{ kind: "assignment", name: "X", operator: "+=", values: [word("a")] }, { kind: "boolean", name: "y", value: true }]],
    ["alias /a -> /b,", [{ kind: "alias", from: word("/a"), to: word("/b") }]],
    [":n:x { }", [{ kind: "profile", keyword: "", name: word(":n:x"), flags: [], body: [] }]],
    ["profile profile { # of it\n}\n# last\n", [
      { kind: "profile", keyword: "profile", name: word("profile"), flags: [], body: [{ kind: "comment", text: " of it", trailing: true }] },
      { kind: "comment", text: " last", trailing: false },
    ]],
  ];
  for (const [text, tree] of cases) {
    it(JSON.stringify(text), () => {
      const document = parse(text);
      expect(document.errors).to.deep.equal([]);
      expect(plain(document.statements)).to.deep.equal(tree);
    });
  }

  it("spans hold what they are spans of", () => {
    const text = "@{X} = a\nprofile x /b {\n  # c\n  /d r, # e\n}\n";
    const { statements } = parse(text);
    const all = statements.flatMap((statement) => [statement, ...(statement.kind === "profile" ? statement.body : [])]);
    expect(all.map(({ span }) => text.slice(span!.start, span!.end))).to.deep.equal([
      "@{X} = a", "profile x /b {\n  # c\n  /d r, # e\n}", "# c", "/d r,", "# e",
    ]);
  });

  it("a comment behind an `if` stays there, unless an `else` follows", () => {
    expect(body("if $x { }\n# of b\n/b r,").map(({ kind }) => kind)).to.deep.equal(["if", "comment", "file"]);
    expect(body("if $x { }\n# within\nelse { }\n/b r,").map(({ kind }) => kind)).to.deep.equal(["comment", "if", "file"]);
  });

  it("a comment within a rule stands before it", () => {
    expect(body("/a # why\n  r,").map(({ kind }) => kind)).to.deep.equal(["comment", "file"]);
  });
});
