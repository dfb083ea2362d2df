import fc from "fast-check";
import type { Comment, Condition, Conditional, Expression, Profile, Qualifiers, Rule, Statement, Word } from "../../provider/apparmor/ast.js";
import {
  capabilities, dbusAccesses, execModes, mountOptions, mqueueAccesses, networkAccesses, networkFamilies, plainProfileFlags,
  profileModes, ptraceAccesses, rlimits, signalAccesses, signals, socketTypes, unixSocketTypes,
} from "../../provider/apparmor/names/index.js";

/** Random trees of the language of 4.1, as the parser would make them: what it says is well formed, not always sensible. */

const word = (values: fc.Arbitrary<string>): fc.Arbitrary<Word> => values.map((value) => ({ value }));
const among = (names: readonly string[]): fc.Arbitrary<Word> => word(fc.constantFrom(...names));
const some = <T>(arbitrary: fc.Arbitrary<T>, most = 3): fc.Arbitrary<T[]> => fc.array(arbitrary, { minLength: 1, maxLength: most });

/** Pieces that a path may hold, those that need quotes or escapes among them; each leaves braces and brackets closed. */
const pieces = [
  ..."abcxyz019._-+~:%&$|^;<>'()=#!, \t\n\"é€",
  "/", "/", "/", "*", "**", "?", "[a-z]", "[^ab]", "{a,b}", "{,x/}", "\\*", "\\{", "\\}", "\\,", "\\[", "\\\\", "@{HOME}", "@{a_1}",
];

const text = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(""));

/** `/…` or `@{X}…`: paths of files. */
export const pathText = fc.tuple(fc.constantFrom("/", "/", "/srv/", "@{HOME}", "@{HOME}/"), text).map((parts) => parts.join(""));
/** Names, targets and values: anything. */
export const nameText = fc.tuple(fc.constantFrom("a", "x-", "lxc-", "/", "@{X}", ":ns:"), text).map((parts) => parts.join(""));

const path = word(pathText);
const name = word(nameText);
const label = word(fc.string({ unit: fc.constantFrom(..."abc/@{}_-."), minLength: 1, maxLength: 6 }).map((value) => `l${value.replace(/[@{}]/g, "")}`));

const identifier = fc.string({ unit: fc.constantFrom(..."abAB_19"), maxLength: 4 }).map((rest) => `v${rest}`);

const qualifiers: fc.Arbitrary<Qualifiers> = fc.record(
  { priority: fc.integer({ min: -1000, max: 1000 }), audit: fc.constant(true), mode: fc.constantFrom("allow", "deny", "prompt") },
  { requiredKeys: [] },
);
const fileQualifiers: fc.Arbitrary<Qualifiers> = fc
  .tuple(qualifiers, fc.option(fc.constantFrom("owner" as const, "other" as const), { nil: undefined }))
  .map(([given, owner]) => ({ ...given, ...(owner && { owner }) }));

const condition = (key: string, values: fc.Arbitrary<Word>, most = 1): fc.Arbitrary<Condition> =>
  some(values, most).map((list) => ({ name: key, operator: "=", values: list }));

/** Some of the conditions, each at most once, in any order. */
const conditions = (...all: fc.Arbitrary<Condition>[]): fc.Arbitrary<Condition[]> =>
  fc.tuple(...all.map((each) => fc.option(each, { nil: undefined, freq: 2 }))).chain((list) => {
    const there = list.filter((each) => each !== undefined);
    return fc.shuffledSubarray(there, { minLength: there.length });
  });

const none: fc.Arbitrary<Condition[]> = fc.constant([]);

const accesses = (names: readonly string[]) => fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }).map((list) => list.map((value) => ({ value })));
const permissions = fc.subarray([..."rwalkm"]).map((letters) => letters.filter((letter) => letter !== "a" || !letters.includes("w")).join(""));

const files: fc.Arbitrary<Rule> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant("file" as const), qualifiers: fileQualifiers, permissions: fc.constant("rwlkm"), exec: fc.constant("ix" as const), keyword: fc.constant(true as const) }), weight: 1 },
  {
    arbitrary: fc
      .record(
        {
          kind: fc.constant("file" as const), qualifiers: fileQualifiers, path, permissions,
          exec: fc.constantFrom(...execModes.filter((mode) => mode !== "x")), target: name, environment: fc.constantFrom("safe" as const, "unsafe" as const),
          keyword: fc.constant(true as const), leading: fc.constant(true as const),
        },
        { requiredKeys: ["kind", "qualifiers", "path", "permissions"] },
      )
      .filter(({ permissions: plain, exec }) => plain !== "" || exec !== undefined),
    weight: 8,
  },
  { arbitrary: fc.record({ kind: fc.constant("link" as const), qualifiers: fileQualifiers, subset: fc.boolean(), path, target: path }), weight: 1 },
);

const others: fc.Arbitrary<Rule> = fc.oneof(
  fc.record({ kind: fc.constant("capability" as const), qualifiers, names: fc.array(among(capabilities), { maxLength: 3 }) }),
  fc.record(
    { kind: fc.constant("network" as const), qualifiers, access: accesses(networkAccesses), family: among(Object.keys(networkFamilies)), type: among(Object.keys(socketTypes)), conditions: none },
    { requiredKeys: ["kind", "qualifiers", "access", "family", "conditions"] },
  ),
  fc.record(
    {
      kind: fc.constant("unix" as const), qualifiers, access: accesses(networkAccesses),
      conditions: conditions(condition("type", among(Object.keys(unixSocketTypes))), condition("addr", name), condition("label", label)),
      peer: conditions(condition("addr", name), condition("label", label)).filter((list) => list.length > 0),
    },
    { requiredKeys: ["kind", "qualifiers", "access", "conditions"] },
  ),
  fc.record(
    {
      kind: fc.constantFrom("mount" as const), qualifiers, source: name, target: path,
      conditions: conditions(condition("fstype", label, 3), fc.tuple(fc.constantFrom("=" as const, "in" as const), some(among(Object.keys(mountOptions)))).map(([operator, values]) => ({ name: "options", operator, values }))),
    },
    { requiredKeys: ["kind", "qualifiers", "conditions"] },
  ),
  fc.record(
    { kind: fc.constantFrom("remount" as const, "umount" as const), qualifiers, target: path, conditions: conditions(condition("options", among(["ro", "rw"]), 2)) },
    { requiredKeys: ["kind", "qualifiers", "conditions"] },
  ),
  fc.record(
    { kind: fc.constant("pivot_root" as const), qualifiers, conditions: conditions(condition("oldroot", path)), path, target: name },
    { requiredKeys: ["kind", "qualifiers", "conditions"] },
  ),
  fc.record({ kind: fc.constant("change_profile" as const), qualifiers, exec: path, target: name, environment: fc.constantFrom("safe" as const, "unsafe" as const) }, { requiredKeys: ["kind", "qualifiers", "exec"] }),
  fc.record({ kind: fc.constant("signal" as const), qualifiers, access: accesses(signalAccesses), conditions: conditions(condition("set", among(Object.keys(signals)), 3), condition("peer", name)) }),
  fc.record({ kind: fc.constant("ptrace" as const), qualifiers, access: accesses(ptraceAccesses), conditions: conditions(condition("peer", name)) }),
  fc.record(
    {
      kind: fc.constant("dbus" as const), qualifiers, access: accesses(dbusAccesses),
      conditions: conditions(condition("bus", among(["system", "session"])), condition("path", path), condition("interface", label), condition("member", label)),
      peer: conditions(condition("name", label), condition("label", name)).filter((list) => list.length > 0),
    },
    { requiredKeys: ["kind", "qualifiers", "access", "conditions"] },
  ),
  fc.record({ kind: fc.constant("userns" as const), qualifiers, access: accesses(["create"]), conditions: none }),
  fc.record(
    { kind: fc.constant("mqueue" as const), qualifiers, access: accesses(mqueueAccesses), conditions: conditions(condition("type", among(["posix", "sysv"])), condition("label", label)), name: path },
    { requiredKeys: ["kind", "qualifiers", "access", "conditions"] },
  ),
  fc.record({ kind: fc.constant("io_uring" as const), qualifiers, access: accesses(["sqpoll", "override_creds"]), conditions: conditions(condition("label", label)) }),
  fc.record(
    { kind: fc.constant("rlimit" as const), qualifiers: fc.constant({}), resource: among(Object.keys(rlimits)), value: word(fc.oneof(fc.nat(4096).map(String), fc.constant("infinity"))), unit: among(["K", "MB", "min"]) },
    { requiredKeys: ["kind", "qualifiers", "resource", "value"] },
  ),
  fc.record({ kind: fc.constant("all" as const), qualifiers }),
);

/** A rule of any kind. */
export const anyRule: fc.Arbitrary<Rule> = fc.oneof(files, others);

const comment = fc
  .tuple(fc.string({ unit: fc.constantFrom(..."ab {},#\"@/é"), maxLength: 8 }), fc.boolean())
  .map(([content, trailing]): Comment => ({ kind: "comment", text: content.trimEnd(), trailing }));

const include = fc.record({
  kind: fc.constant("include" as const),
  path: word(fc.constantFrom("abstractions/base", "local/x", "a b", 'odd"name', "/etc/x")),
  magic: fc.boolean(), ifExists: fc.boolean(), hash: fc.boolean(),
});
const abi = fc.record({ kind: fc.constant("abi" as const), path: word(fc.constantFrom("abi/3.0", "abi/4.0")), magic: fc.boolean() });

const expression: fc.Arbitrary<Expression> = fc.letrec<{ it: Expression }>((tie) => ({
  it: fc.oneof(
    { maxDepth: 3 },
    identifier.map((of) => ({ op: "boolean" as const, name: of })),
    fc.record({ op: fc.constant("defined" as const), variable: fc.constantFrom("set" as const, "boolean" as const), name: identifier }),
    tie("it").map((operand) => ({ op: "not" as const, operand })),
  ),
})).it;

const { body, profile } = fc.letrec<{ body: Statement[]; profile: Profile; conditional: Conditional; block: Statement }>((tie) => ({
  body: fc
    .array(fc.oneof({ maxDepth: 3, depthSize: "small" }, { arbitrary: anyRule, weight: 12 }, { arbitrary: comment, weight: 3 }, include, abi, tie("block"), tie("conditional"), tie("profile")), { maxLength: 6 })
    .map((statements) => attached(statements, true)),
  // a block takes no priority
  block: fc.tuple(qualifiers, tie("body")).map(([{ audit, mode }, inner]) => ({ kind: "block", qualifiers: { ...(audit && { audit }), ...(mode && { mode }) }, body: inner })),
  conditional: fc
    .tuple(some(fc.tuple(expression, tie("body"))), fc.option(tie("body"), { nil: undefined }))
    .map(([branches, last]) => chained(branches, last)),
  profile: fc.record(
    {
      kind: fc.constant("profile" as const), keyword: fc.constantFrom("profile" as const, "hat" as const, "^" as const),
      name: word(nameText.filter((value) => !value.startsWith(":"))), attachment: path,
      flags: fc.uniqueArray(fc.constantFrom(...profileModes, ...plainProfileFlags), { maxLength: 3 }).map((list) => list.map((value) => ({ value }))),
      body: tie("body"),
    },
    { requiredKeys: ["kind", "keyword", "name", "flags", "body"] },
  ),
}));

function chained(branches: readonly (readonly [Expression, Statement[]])[], last: Statement[] | undefined): Conditional {
  let otherwise = last;
  for (const [index, [test, then]] of [...branches.entries()].toReversed()) {
    otherwise = [{ kind: "if", test, then, ...(otherwise && { otherwise }), ...(index > 0 && { elseIf: true }) }];
  }
  return otherwise![0] as Conditional;
}

/** A comment trails only where something stands before it on its line; the parser puts those behind an `if` before it. */
function attached(given: Statement[], within: boolean): Statement[] {
  const behindIf = given.map((statement, at) => statement.kind === "comment" && given.slice(0, at).findLast(({ kind }) => kind !== "comment")?.kind === "if");
  const statements = given.filter((_, at) => !behindIf[at]);
  return statements.map((statement, at) => {
    const before = statements[at - 1];
    const alone = before ? before.kind === "comment" : !within;
    return statement.kind === "comment" && alone ? { ...statement, trailing: false } : statement;
  });
}

const preamble: fc.Arbitrary<Statement> = fc.oneof(
  comment, include, abi,
  fc.record({ kind: fc.constant("alias" as const), from: path, to: path }),
  fc.record({ kind: fc.constant("assignment" as const), name: identifier, operator: fc.constantFrom("=" as const, "+=" as const), values: some(word(fc.oneof(nameText, fc.constant("")))) }),
  fc.record({ kind: fc.constant("boolean" as const), name: identifier, value: fc.boolean() }),
);

/** What stands in a profile's braces. */
export const anyBody: fc.Arbitrary<Statement[]> = body;
export const anyProfile: fc.Arbitrary<Profile> = profile;

/** A whole file: preamble, then profiles. */
export const anyFile: fc.Arbitrary<Statement[]> = fc
  .tuple(fc.array(preamble, { maxLength: 5 }), fc.array(fc.oneof({ arbitrary: profile, weight: 3 }, comment), { maxLength: 3 }))
  .map(([head, profiles]) => attached([...head, ...profiles], false));

/** How often a property is tried; `PVE_POSTURE_FUZZ` raises it. */
export const runs = { numRuns: Number(process.env["PVE_POSTURE_FUZZ"] ?? 500) };

/** A tree without the places of what was parsed. */
export function spanless<T>(value: T): T {
  if (Array.isArray(value)) return value.map(spanless) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (key === "span" || inner === undefined ? [] : [[key, spanless(inner)]]))) as T;
}
