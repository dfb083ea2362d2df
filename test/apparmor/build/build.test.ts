import { expect } from "chai";
import fc from "fast-check";
import * as a from "../../../provider/apparmor/build/index.js";
import type { Statement } from "../../../provider/apparmor/ast.js";
import { print } from "../../../provider/apparmor/print/index.js";
import { parse } from "../../../provider/apparmor/syntax/index.js";
import { spanless } from "../../support/apparmor-arbitrary.js";

const text = (entry: Statement | readonly Statement[]) => print([entry].flat() as Statement[], { sort: false }).trimEnd();

describe("the builder", () => {
  const rules: [Statement | readonly Statement[], string][] = [
    [a.file(), "file,"],
    [a.file("/mnt/models/**", "wr"), "/mnt/models/** rw,"],
    [a.owner(a.file("@{HOME}/a b", "r")), 'owner "@{HOME}/a b" r,'],
    [a.exec("/usr/bin/docker", "Px", { to: "docker", permissions: "r" }), "/usr/bin/docker rPx -> docker,"],
    [a.link("/a", "/b", { subset: true }), "link subset /a -> /b,"],
    [a.deny("/dev/mem", "xkwrl"), "deny /dev/mem rwlkx,"],
    [a.audit(a.deny(a.file("/a", "w"), a.capability("mac_admin", "syslog"))), "audit deny /a w,\n\naudit deny capability mac_admin syslog,"],
    [a.priority(-5, a.allow(a.file("/a", "r"))), "priority=-5 allow /a r,"],
    [a.prompt(a.network("inet", "stream")), "prompt network inet stream,"],
    [a.audit(a.include("abstractions/base")), "audit {\n  include <abstractions/base>\n}"],
    [a.capability("all"), "capability,"],
    [a.network("inet6", "tcp"), "network inet6 tcp,"],
    [a.network("tcp"), "network tcp,"],
    [a.network("packet"), "network packet,"],
    [a.network("inet", "stream", { access: ["connect"], peer: { port: 443, ip: "10.0.0.1" } }), "network connect inet stream peer=(ip=10.0.0.1, port=443),"],
    [a.mount({ target: "/x/", source: "/a b", options: ["rw", "bind"], fstype: "ext4" }), 'mount fstype=ext4 options=(rw, bind) "/a b" -> /x/,'],
    [a.mount({ options: { in: ["ro"] } }), "mount options in (ro),"],
    [a.remount({ options: "ro", target: "/" }), "remount options=ro /,"],
    [a.umount("/mnt/**"), "umount /mnt/**,"],
    [a.pivotRoot({ path: "/n/", oldroot: "/o/", to: "p" }), "pivot_root oldroot=/o/ /n/ -> p,"],
    [a.changeProfile("lxc-*"), "change_profile -> lxc-*,"],
    [a.signal(["send", "receive"], { peer: "x", set: ["kill", "rtmin+3"] }), "signal (send, receive) set=(kill, rtmin+3) peer=x,"],
    [a.ptrace("readby"), "ptrace readby,"],
    [a.unix("connect", { type: "stream", peer: { addr: "@x y", label: "z" } }), 'unix connect type=stream peer=(addr="@x y", label=z),'],
    [a.dbus("send", { bus: "system", path: "/a", peer: { name: "b" } }), "dbus send bus=system path=/a peer=(name=b),"],
    [a.userns(), "userns create,"],
    [a.mqueue("read", { name: "/q" }), "mqueue read /q,"],
    [a.ioUring("sqpoll"), "io_uring sqpoll,"],
    [a.rlimit("memlock", 64, "MB"), "set rlimit memlock <= 64MB,"],
    [a.rlimit("nice", -5), "set rlimit nice <= -5,"],
    [a.all(), "all,"],
    [a.include("/etc/x", { ifExists: true }), 'include if exists "/etc/x"'],
    [a.comment("one\ntwo"), "# one\n# two"],
    [a.raw("/a r, # why\n  network inet,"), "/a r, # why\n\nnetwork inet,"],
    [a.hat("h", { flags: ["complain"] }, [a.file("/a", "r")]), "hat h flags=(complain) {\n  /a r,\n}"],
  ];
  for (const [entry, expected] of rules) {
    it(`writes ${expected.replaceAll("\n", "⏎")}`, () => {
      expect(text(entry)).to.equal(expected);
      const { errors, statements } = parse(`${expected}\n`, { context: "body" });
      expect(errors).to.deep.equal([]);
      expect(spanless(statements)).to.deep.equal(spanless([entry].flat()));
    });
  }

  it("writes a whole file, the same whatever the order of keys", () => {
    const of = (variables: a.Preamble["variables"]) =>
      a.toText(a.profileFile({ abi: "abi/4.0", includes: ["tunables/global"], variables }, a.profile("lxc-x", { flags: ["attach_disconnected", "mediate_deleted"], attachment: "/x" }, [[a.file("/a", "r")], []])));
    expect(of({ "@{B}": "b", "@{A}": ["a", "c d"] })).to.equal(`abi <abi/4.0>,
include <tunables/global>

@{A} = a "c d"
@{B} = b

profile lxc-x /x flags=(attach_disconnected,mediate_deleted) {
  /a r,
}
`);
    expect(of({ "@{A}": ["a", "c d"], "@{B}": "b" })).to.equal(of({ "@{B}": "b", "@{A}": ["a", "c d"] }));
  });

  it("gives values that can't be changed", () => {
    const rule = a.file("/a", "r");
    expect(() => Object.assign(rule, { permissions: "w" })).to.throw(TypeError);
    expect(() => Object.assign(rule.qualifiers, { audit: true })).to.throw(TypeError);
  });

  const refused: [() => unknown, string][] = [
    [() => a.file("a", "r"), 'file(): the path: "a" must begin with `/`'],
    [() => a.file("/a\\n", "r"), "holds an escape of a plain character"],
    [() => a.file("/a\0", "r"), "must not contain NUL"],
    [() => a.deny(a.exec("/a", "ix")), 'write deny("/a", "x")'],
    [() => a.deny(a.allow(a.file("/a", "r"))), "contradicts the rule's own allow"],
    [() => a.priority(2000, a.file("/a", "r")), "2000 is no whole number from -1000 to 1000"],
    [() => a.exec("/a", "ix", { to: "b" }), "ix changes to no profile"],
    [() => a.signal([]), "the list is empty"],
    [() => a.network("inet6", "icmp"), "there is no inet6 icmp"],
    [() => a.unix("send", { peer: {} }), "is empty: give addr or label"],
    [() => a.profile("x", { flags: ["complain", "kill"] }, []), "complain and kill are both modes"],
    [() => a.variable("@{1}", "x"), "is no name"],
    [() => a.rlimit("cpu", -1), "-1 is no limit"],
  ];
  for (const [build, message] of refused) it(`refuses: ${message}`, () => expect(build).to.throw(TypeError, message));

  it("refuses raw text with the place of the mistake", () => {
    expect(() => a.raw("/a r,\n/b q,\n")).to.throw(SyntaxError, /^raw\(\):2:\d+: [^]*\/b q,\n\s+\^/);
  });

  const wrongRaw: [text: string, message: RegExp][] = [
    ["/x rwx,", /^raw\(\):1:1: [^]*\n\/x rwx,\n\^+/],
    ["/a r,\ncapability sys_modul,", /^raw\(\):2:12: `sys_modul` is no capability\ncapability sys_modul,\n\s+\^+\ndid you mean `sys_module`\?$/],
    ["network inet4,", /^raw\(\):1:/],
    ["signal set=(sigkill),", /^raw\(\):1:/],
    ["hat h {\n  mount options=(rww),\n}", /^raw\(\):2:/],
    ["if $x {\n  set rlimit nofil <= 3,\n}", /^raw\(\):2:/],
  ];
  for (const [text, message] of wrongRaw) it(`refuses raw(${JSON.stringify(text)})`, () => expect(() => a.raw(text)).to.throw(SyntaxError, message));

  it("takes raw text whose variables, includes and profiles are known elsewhere only", () => {
    for (const text of ["@{HOME}/** r,", "include <abstractions/base>", "/a px -> other,", "deny /x x,", "profile p xattrs=(user.a=b) {\n  /a r,\n}", "/a ix,\n/a px,"]) {
      expect(a.raw(text), text).not.to.be.empty;
    }
  });

  it("toText refuses rules that were put in by hand", () => {
    const wrong = { kind: "capability", qualifiers: {}, names: [{ value: "sys_modul" }] } as const;
    expect(() => a.toText(a.profile("x", [wrong as unknown as a.Entry]))).to.throw(SyntaxError, "toText():2:14: `sys_modul` is no capability");
  });

  describe("exec rules that contradict each other", () => {
    const conflict = [a.exec("/a", "ix"), a.exec("/a", "px")];
    const profile = (...body: a.Many<a.Entry>[]) => a.profile("lxc-x", body);
    const refused: [name: string, built: Parameters<typeof a.toText>[0]][] = [
      ["in a profile", profile(conflict)],
      ["in a hat", profile(a.hat("h", conflict))],
      ["under an abi", a.profileFile({ abi: "abi/4.0" }, profile(conflict))],
      ["by raw text", profile(a.raw("/a ix,\n/a px,"))],
      ["by a glob beside `file,`", profile(a.file(), a.exec("/b*", "px"), a.exec("/b", "cx"))],
    ];
    for (const [name, built] of refused)
      it(`are refused ${name}`, () => expect(() => a.toText(built)).to.throw(SyntaxError, /^toText\(\):\d+:\d+: this rule and the one at .* contradict/));
    const taken: [name: string, built: Parameters<typeof a.toText>[0]][] = [
      ["where an include may decide before both", profile(a.include("abstractions/base"), conflict)],
      ["where the preamble includes something", a.profileFile({ includes: ["tunables/global"] }, profile(conflict))],
      ["of different profiles", a.profileFile({}, a.profile("x", conflict.slice(0, 1)), a.profile("y", conflict.slice(1)))],
      ["where one has priority", profile(conflict[0]!, a.priority(1, conflict[1]!))],
      ["behind variables that are not known", profile(a.exec("@{A}", "ix"), a.exec("@{A}", "px"))],
    ];
    for (const [name, built] of taken) it(`are taken ${name}`, () => expect(() => a.toText(built)).not.to.throw());
  });

  it("escapes what globs would take, so that a literal path matches itself only", () => {
    expect(a.literal("/a*[b]{c,d}?\\@{X}")).to.equal("/a\\*\\[b\\]\\{c\\,d\\}\\?\\\\@\\{X\\}");
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab *?[]{},\\\"@$^#!()\n'é") }), (name) => {
        const rule = a.file(`/x/${a.literal(name)}/y`, "r");
        const { errors, statements } = parse(`${text(rule)}\n`, { context: "body" });
        expect(errors).to.deep.equal([]);
        expect(spanless(statements)).to.deep.equal([spanless(rule)]);
      }),
      { numRuns: 500 },
    );
  });
});
