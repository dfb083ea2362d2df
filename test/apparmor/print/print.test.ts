import { expect } from "chai";
import fc from "fast-check";
import { format, print, sorted } from "../../../provider/apparmor/print/index.js";
import { parse } from "../../../provider/apparmor/syntax/index.js";
import { anyFile, runs, spanless } from "../../support/apparmor-arbitrary.js";

/** One rule, parsed and printed. */
function rule(text: string): string {
  const { errors, statements } = parse(`${text}\n`, { context: "body" });
  expect(errors, text).to.deep.equal([]);
  return print(statements, { sort: false }).trimEnd();
}

/** Without comments: behind an `if` the parser chooses their place. */
function rulesOnly<T>(tree: T): T {
  return JSON.parse(JSON.stringify(tree, (_, value: unknown) => (Array.isArray(value) ? value.filter((each) => each?.kind !== "comment") : value))) as T;
}

describe("print", () => {
  const rules: [string, string][] = [
    ["/a rw,", "/a rw,"],
    ["/a wr,", "/a rw,"],
    ["owner /a mrwlk,", "owner /a rwlkm,"],
    ["/bin/x rPX -> y,", "/bin/x rPx -> y,"],
    ["priority = 5 audit deny owner /a w,", "priority=5 audit deny owner /a w,"],
    ["file rw /a,", "file rw /a,"],
    ["l subset /a -> /b,", "l subset /a -> /b,"],
    ["unsafe /a px,", "unsafe /a px,"],
    ['"/a b" r,', '"/a b" r,'],
    ['"/ab" r,', "/ab r,"],
    ['"/a,b" r,', "/a,b r,"],
    ['"/a," r,', '"/a," r,'],
    ["/a\\ b r,", '/a\\ b r,'],
    ['"/a\\"b" r,', '"/a\\"b" r,'],
    ['"/a\\\\" r,', '"/a\\134" r,'],
    ['"@{X}=y" r,', '"@{X}=y" r,'],
    ["@{X} r,", "@{X} r,"],
    ["/{a,b}/** r,", "/{a,b}/** r,"],
    ["capability   chown  kill ,", "capability chown kill,"],
    ["network inet  stream,", "network inet stream,"],
    ["signal (send) set=(kill) peer=x,", "signal send set=kill peer=x,"],
    ["signal (send receive) set=(kill,term),", "signal (send, receive) set=(kill, term),"],
    ["mount options in (ro) -> /a,", "mount options in (ro) -> /a,"],
    ['mount fstype=(a,b) options=(rw, bind) "/a b" -> /c,', 'mount fstype=(a, b) options=(rw, bind) "/a b" -> /c,'],
    ["umount /a,", "umount /a,"],
    ["pivot_root oldroot=/o /n -> p,", "pivot_root oldroot=/o /n -> p,"],
    ["change_profile unsafe /a -> b,", "change_profile unsafe /a -> b,"],
    ["unix (send) type=stream peer=(label=a addr=@b),", "unix send type=stream peer=(label=a, addr=@b),"],
    ["dbus (send, receive) bus=session path=/a,", "dbus (send, receive) bus=session path=/a,"],
    ["userns create,", "userns create,"],
    ["mqueue (read) type=posix /q,", "mqueue read type=posix /q,"],
    ["set rlimit data <= 10 MB,", "set rlimit data <= 10MB,"],
    ["#include <abstractions/base>", "#include <abstractions/base>"],
    ['include if exists "/a b"', 'include if exists "/a b"'],
    ["if not defined @{X} { /a r, } else if $b { /b r, } else { /c r, }", "if not defined @{X} {\n  /a r,\n} else if $b {\n  /b r,\n} else {\n  /c r,\n}"],
    ["audit deny { /a r, /b r, }", "audit deny {\n  /a r,\n  /b r,\n}"],
    ["^h flags=(complain audit) { }", "^h flags=(complain,audit) {\n}"],
  ];
  for (const [text, expected] of rules) it(`${text} → ${expected.replaceAll("\n", "⏎")}`, () => expect(rule(text)).to.equal(expected));

  it("puts rules in canonical order, their comments with them, and an empty line between kinds", () => {
    const text = `profile x {
      /b r, # behind b
      # about a
      # still about a
      /a r,
      deny /z w,
      network inet,
      include if exists <local/x>
      capability kill,
      include <abstractions/base>
      # last
    }`;
    expect(print(parse(text).statements)).to.equal(`profile x {
  include <abstractions/base>

  capability kill,

  network inet,

  deny /z w,

  # about a
  # still about a
  /a r,
  /b r, # behind b

  include if exists <local/x>

  # last
}
`);
  });

  it("leaves the preamble and the order of rlimits for one resource alone", () => {
    const text = "@{B} = b\n\ninclude <tunables/global>\n\n@{A} = a\n@{B} += c\n\nprofile x {\n  set rlimit nofile <= 9,\n  set rlimit nofile <= 1,\n}\n";
    expect(print(parse(text).statements)).to.equal(text);
  });

  it("never makes a comment an include", () => {
    expect(print([{ kind: "comment", text: "include <x>", trailing: false }])).to.equal("# include <x>\n");
    expect(print([{ kind: "comment", text: "a\ninclude <x>", trailing: false }])).to.equal("#a include <x>\n");
  });

  it("is read back as the tree that was printed, and printing that gives the same text", () => {
    fc.assert(
      fc.property(anyFile, fc.boolean(), (given, sort) => {
        const tree = sort ? rulesOnly(given) : given;
        const text = print(tree, { sort });
        const document = parse(text);
        expect(document.errors.map(({ message, snippet }) => `${message}\n${snippet}`), text).to.deep.equal([]);
        expect(spanless(document.statements), text).to.deep.equal(spanless(sort ? sorted(tree) : tree));
        expect(print(document.statements, { sort })).to.equal(text);
      }),
      runs,
    );
  });

  it("is idempotent as a formatter, and formatting changes no statement", () => {
    fc.assert(
      fc.property(anyFile, fc.boolean(), (tree, sort) => {
        const { text, errors } = format(print(tree, { sort: false }), { sort });
        expect(errors).to.deep.equal([]);
        expect(format(text, { sort }).changed, text).to.equal(false);
        if (!sort) expect(spanless(parse(text).statements)).to.deep.equal(spanless(tree));
      }),
      runs,
    );
  });

  it("takes linear time, whatever stands in a megabyte", () => {
    const inside = (text: string) => `profile x {\n${text}\n}\n`;
    const texts = ["#\n".repeat(500_000), "/a r, # c\n".repeat(100_000), `/${"a,b".repeat(330_000)} r,`, `"/${'\\"'.repeat(500_000)}" r,`, "if $a {}\n#c\n".repeat(80_000), `capability${" chown # c\n".repeat(90_000)},`];
    for (const text of texts.map(inside)) for (const sort of [false, true]) expect(format(text, { sort }).errors).to.deep.equal([]);
  });
});
