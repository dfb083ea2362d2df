import { expect } from "chai";
import fc from "fast-check";
import {
  compare,
  decide,
  execConflicts,
  policyOf,
  redundantRules,
  type Access,
  type Policy,
} from "../../../provider/apparmor/policy/index.js";
import { matches } from "../glob/naive.js";
import { file, policy } from "./policies.js";

const runs = { numRuns: Number(process.env["PVE_POSTURE_FUZZ"] ?? 300) };

const globs = ["/a", "/b", "/*", "/a*", "/**", "/{a,b}", "/a/**", "/a/{,**}", "/[^a]", "/?", "/a/*", "/*/b", "/**b"];
const paths = ["/a", "/b", "/c", "/ab", "/a/", "/a/b", "/a/b/c", "/b/b", "/"];
const letters = ["r", "w", "a", "k", "m", "rw", "rk", "wk"];

interface SmallRule {
  priority: number;
  audit: boolean;
  mode: "" | "allow" | "deny";
  owner: boolean;
  glob: string;
  permissions: string;
}

const smallRule: fc.Arbitrary<SmallRule> = fc.record({
  priority: fc.constantFrom(0, 0, 0, 1, -1),
  audit: fc.boolean(),
  mode: fc.constantFrom("" as const, "allow" as const, "deny" as const),
  owner: fc.boolean(),
  glob: fc.constantFrom(...globs),
  permissions: fc.constantFrom(...letters),
});

const written = ({ priority, audit, mode, owner, glob, permissions }: SmallRule): string =>
  `${priority ? `priority=${priority} ` : ""}${audit ? "audit " : ""}${mode}${mode && " "}${owner ? "owner " : ""}${glob} ${permissions},`;

/** One permission of one path, by going through the rules. */
function expected(rules: readonly SmallRule[], path: string, letter: string, owner: boolean): { allowed: boolean; audited: boolean } {
  const speaking = rules.filter(
    (rule) =>
      (owner || !rule.owner) &&
      matches(rule.glob, path) &&
      (rule.permissions.includes(letter) || (letter === "a" && rule.permissions.includes("w"))),
  );
  const top = speaking.filter(({ priority }) => priority === Math.max(...speaking.map((rule) => rule.priority)));
  const denies = top.filter(({ mode }) => mode === "deny");
  if (denies.length > 0) return { allowed: false, audited: denies.every(({ audit }) => audit) };
  return top.length > 0 ? { allowed: true, audited: top.some(({ audit }) => audit) } : { allowed: false, audited: true };
}

/** Rules of every class, few enough to meet. */
const templates = [
  ...["/a", "/*", "/**", "/a/**"].flatMap((glob) => ["r,", "rw,", "ix,", "Px,", "Px -> p,", "l,", "k,"].map((rest) => `${glob} ${rest}`)),
  "link /a -> /b,",
  "link subset /a -> /*,",
  "link /* -> /b,",
  "capability chown,",
  "capability chown kill,",
  "capability,",
  "network,",
  "network inet,",
  "network inet stream,",
  "network tcp,",
  "network (send) inet dgram,",
  "network unix,",
  "network netlink raw,",
  "network (bind) inet port=80,",
  "network (connect) inet peer=(ip=10.0.0.1 port=1-9),",
  "unix,",
  "unix (send) type=stream,",
  "unix (bind) addr=@a*,",
  "unix (connect) peer=(addr=@ab label=l),",
  "unix addr=none,",
  "unix bind addr=auto,",
  "signal,",
  "signal (send),",
  "signal (send) set=(kill, term),",
  "signal (receive) peer=a*,",
  "signal set=(kill) peer=ab,",
  "ptrace,",
  "ptrace (read),",
  "ptrace (trace, read) peer=a*,",
  "mount,",
  "mount /a -> /b,",
  "mount options=ro /a -> /b,",
  "mount options in (ro, nosuid) /a -> /*,",
  "mount fstype=(ext4, xfs),",
  "mount options=bind /a -> /b,",
  "mount options=(rw, rslave) -> /,",
  "remount,",
  "remount options=ro /b,",
  "umount,",
  "umount /a*,",
  "pivot_root,",
  "pivot_root oldroot=/a /b,",
  "change_profile,",
  "change_profile -> a*,",
  "change_profile /a -> ab,",
  "dbus,",
  "dbus send bus=system,",
  "dbus bind bus=system name=a*,",
  "dbus (send, receive) bus=session path=/a peer=(name=n),",
  "dbus eavesdrop,",
  "mqueue,",
  "mqueue r type=posix,",
  "mqueue rw /a*,",
  "mqueue create 7,",
  "mqueue r label=l,",
  "userns,",
  "io_uring,",
  "io_uring sqpoll,",
  "io_uring override_creds label=a*,",
  "set rlimit nofile <= 10,",
  "set rlimit nofile <= 20,",
  "all,",
];

const rule = fc
  .record({ audit: fc.constantFrom("", "", "", "audit "), deny: fc.constantFrom("", "", "deny "), rule: fc.constantFrom(...templates) })
  .map(({ audit, deny, rule: text }) => {
    if (text.startsWith("set")) return text;
    // deny rules take no exec modes, and the compiler can't deny all
    const bare = deny && text !== "all," ? text.replace(/ (ix|Px)( -> p)?,/, " x,") : text;
    return `${audit}${text === "all," ? "" : deny}${bare}`;
  });
const profile = fc.array(rule, { maxLength: 5 }).map((rules) => rules.join(" "));

const flagPair = fc.constantFrom<[string, string]>(
  ["", ""],
  ["", ""],
  ["flags=(complain)", "flags=(complain)"],
  ["flags=(complain)", "flags=(complain)"],
  ["flags=(audit)", "flags=(audit)"],
  ["flags=(complain, audit)", "flags=(complain, audit)"],
);

const accesses: Access[] = [
  ...paths.flatMap((path) => ["rw", "rk", "rwk", "rwx"].map((permissions): Access => ({ class: "file", path, permissions }))),
  ...paths.flatMap((path) =>
    [..."rwakmxl"].flatMap((permissions): Access[] => [true, false].map((owner) => ({ class: "file", path, permissions, owner }))),
  ),
  ...["/a", "/b"].map((target): Access => ({ class: "file", path: "/a", permissions: "l", target })),
  ...["chown", "kill", "bpf"].map((capability): Access => ({ class: "capability", capability })),
  ...["inet", "inet6", "netlink", "unix"].flatMap((family) =>
    ["stream", "dgram", "raw"].flatMap((type) =>
      ["create", "send", "bind", "connect"].map((access): Access => ({ class: "network", family, type, access: [access] })),
    ),
  ),
  { class: "network", family: "inet", type: "stream", access: ["bind"], local: { port: 80 } },
  { class: "network", family: "inet", type: "stream", access: ["connect"], peer: { address: "10.0.0.1", port: 5 } },
  ...["create", "send", "bind", "connect"].map((access): Access => ({
    class: "unix",
    type: "stream",
    access: [access],
    address: "@ab",
    peer: { address: "@ab", label: "l" },
  })),
  ...["send", "receive"].flatMap((access) =>
    ["kill", "hup"].flatMap((signal) => ["ab", "x"].map((peer) => ({ class: "signal", access, signal, peer }) as Access)),
  ),
  ...["read", "trace"].flatMap((access) => ["ab", "x"].map((peer) => ({ class: "ptrace", access, peer }) as Access)),
  ...[[], ["ro"], ["nosuid"], ["bind"], ["rslave"]].flatMap((options): Access[] => [
    { class: "mount", source: "/a", target: "/b", fstype: "ext4", options },
    { class: "remount", target: "/b", options },
  ]),
  ...["/a", "/b"].flatMap((target): Access[] => [
    { class: "umount", target },
    { class: "pivot_root", path: target, old: "/a" },
  ]),
  ...["ab", "x"].flatMap((target): Access[] => [
    { class: "change_profile", target },
    { class: "change_profile", target, exec: "/a" },
  ]),
  ...["send", "bind", "eavesdrop"].flatMap((access) =>
    ["system", "session"].map((bus) => ({ class: "dbus", access, bus, name: access === "bind" ? "ab" : "n", path: "/a" }) as Access),
  ),
  ...["read", "create"].flatMap((access): Access[] => [
    { class: "mqueue", access: [access], type: "posix", name: "/ab" },
    { class: "mqueue", access: [access], type: "sysv", name: "7" },
  ]),
  { class: "userns" },
  { class: "io_uring", access: "sqpoll" },
  { class: "io_uring", access: "override_creds", label: "ab" },
  { class: "rlimit", resource: "nofile", value: 15 },
];

const summary = (a: Policy, access: Access): string => {
  const { allowed, audited, transition } = decide(a, access);
  return `${allowed}/${audited}/${transition ?? ""}`;
};

describe("decide", () => {
  it("does what going through the rules by hand does", () => {
    fc.assert(
      fc.property(fc.array(smallRule, { maxLength: 6 }), (rules) => {
        const built = policy(rules.map(written).join("\n"));
        for (const path of paths) {
          for (const permissions of "rwakm") {
            for (const owner of [true, false]) {
              const { allowed, audited } = decide(built, { class: "file", path, permissions, owner });
              expect({ path, permissions, owner, allowed, audited }).to.deep.equal({
                path,
                permissions,
                owner,
                ...expected(rules, path, permissions, owner),
              });
            }
          }
        }
      }),
      runs,
    );
  });
});

describe("compare and decide", () => {
  const fine = (text: string, flags = ""): Policy | undefined => {
    const built = policy(text, flags);
    return execConflicts(built).length === 0 ? built : undefined;
  };

  it("agree: equal profiles decide alike, a tighter one allows no more, every witness is decided as it says", () => {
    fc.assert(
      fc.property(profile, profile, fc.boolean(), flagPair, (first, second, related, [flags, otherFlags]) => {
        const [a, b] = [fine(first, flags), fine(related ? `${first} ${second}` : second, otherFlags)];
        if (!a || !b) return;
        const { relation, witnesses } = compare(a, b);
        for (const access of accesses) {
          const [before, after] = [decide(a, access), decide(b, access)];
          if (relation === "equal") expect(summary(a, access), JSON.stringify(access)).to.equal(summary(b, access));
          // a link may depend on the permissions of two paths
          const subset = access.class === "file" && access.permissions === "l";
          if (relation === "tighter" && !subset) expect(after.allowed && !before.allowed, JSON.stringify(access)).to.be.false;
          if (relation === "wider" && !subset) expect(before.allowed && !after.allowed, JSON.stringify(access)).to.be.false;
        }
        for (const { access, change, message } of witnesses) {
          const [before, after] = [decide(a, access), decide(b, access)];
          const said = `${message}: ${first} | ${second} ${JSON.stringify(access)}`;
          const conditional =
            before.transition === "subset" || after.transition === "subset" || (access.class === "file" && access.permissions === "l");
          // what ix maps may be left to the compiler on one side: no decision shows it
          const unsettled = change === "audit" && access.class === "file" && access.permissions.includes("m");
          if (conditional || unsettled) continue;
          if (change === "allows") expect([before.allowed, after.allowed], said).to.deep.equal([false, true]);
          if (change === "denies") expect([before.allowed, after.allowed], said).to.deep.equal([true, false]);
          // of two that are allowed and logged, one may be so by complain mode only
          const complains = `${flags} ${otherFlags}`.includes("complain") && before.allowed && after.allowed && after.audited;
          if (change === "audit")
            expect([before.allowed, complains || before.audited], said).to.deep.equal([after.allowed, complains || !after.audited]);
          if (change === "transition") expect(before.transition, said).to.not.equal(after.transition);
        }
      }),
      runs,
    );
  });

  it("agree: a profile equals itself in another order, and without its redundant rules", () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), (rules) => {
        const built = fine(rules.join(" "));
        if (!built) return;
        const limits = rules.filter((text) => text.startsWith("set"));
        const others = rules.filter((text) => !text.startsWith("set"));
        expect(compare(built, policy([...others].reverse().concat(limits).join(" "))).relation).to.equal("equal");
        const gone = new Set(redundantRules(built).map((redundancy) => redundancy.rule));
        const [whole] = file(`/t { ${rules.join(" ")} }`).profiles;
        const rest = whole!.rules.filter((_, index) => !gone.has(built.profile.rules[index]!));
        expect(compare(built, policyOf({ ...whole!, rules: rest })).witnesses.map(({ message }) => message)).to.deep.equal([]);
      }),
      runs,
    );
  });
});
