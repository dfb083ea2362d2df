import { deletion, replacement } from "./edits.js";
import { insertionAfter, isOwn, ofRule, type Check, type Context } from "./context.js";
import type { CapabilityRule, Word } from "../ast.js";
import type { ResolvedRule } from "../resolve/types.js";
import type { Fix } from "./types.js";

/** Why each is as good as root on the host, and `grave` where no confined program has a use for it. */
export const dangerous: ReadonlyMap<string, { why: string; grave?: true }> = new Map([
  ["sys_module", { why: "loads code into the kernel", grave: true }],
  ["sys_rawio", { why: "reaches I/O ports, raw memory and disks past the file system", grave: true }],
  ["mac_admin", { why: "loads and removes AppArmor profiles, its own included", grave: true }],
  ["mac_override", { why: "overrides mandatory access control", grave: true }],
  ["sys_boot", { why: "restarts the host, or starts another kernel with kexec", grave: true }],
  ["bpf", { why: "loads programs into the kernel", grave: true }],
  ["sys_admin", { why: "mounts, and does a hundred other things that root may" }],
  ["sys_ptrace", { why: "reads and changes the memory of other processes" }],
  ["sys_time", { why: "sets the clock of the host" }],
  ["syslog", { why: "reads the kernel's log and addresses in it" }],
  ["perfmon", { why: "observes the whole kernel, secrets of other processes included" }],
  ["dac_read_search", { why: "reads every file, also by its handle, out of the container's root" }],
]);

export const dangerousCapability: Check = (context) =>
  context.profile.rules.flatMap((each) => {
    const { rule } = each;
    if (rule.kind !== "capability" || rule.qualifiers.mode === "deny" || !isOwn(context, each)) return [];
    return rule.names.flatMap((name) => {
      const known = dangerous.get(name.value);
      if (!known || !context.decide({ class: "capability", capability: name.value }).allowed) return [];
      return [
        ofRule(
          context,
          { ...each, rule: { ...rule, ...(name.span && { span: name.span }) } },
          {
            code: "dangerous-capability",
            severity: known.grave || (context.container && name.value !== "sys_admin") ? "warning" : "info",
            message: `capability ${name.value} ${known.why}`,
            hint: known.grave
              ? `remove it, or deny it where an include has it: deny capability ${name.value},`
              : "remove it unless the program is known to need it",
            fix: removal(each, rule, name),
          },
        ),
      ];
    });
  });

/** `capability,`: what an unprivileged container is left with is decided by its user namespace alone. */
export const allCapabilities: Check = (context) => {
  const every = context.profile.rules.filter(({ rule }) => rule.kind === "all" || (rule.kind === "capability" && rule.names.length === 0));
  const allowed = every.filter(({ rule }) => rule.qualifiers.mode !== "deny");
  const each = allowed.find((one) => isOwn(context, one)) ?? allowed[0];
  const left = stillAllowed(context);
  if (!each || left.length === 0) return [];
  const denial = `deny capability ${left.join(" ")},`;
  return [
    ofRule(context, each, {
      code: "all-capabilities",
      severity: isOwn(context, each) && each.rule.kind === "capability" ? "warning" : "info",
      message: `every capability is allowed: ${left.join(", ")} too`,
      hint: `deny what is not needed: ${denial}`,
      fix: { title: "deny the most dangerous ones", edits: [insertionAfter(context, each, denial)], safe: false },
    }),
  ];
};

function stillAllowed({ decide }: Context): string[] {
  return [...dangerous]
    .filter(([capability, { grave }]) => grave && decide({ class: "capability", capability }).allowed)
    .map(([name]) => name);
}

function removal(each: ResolvedRule, rule: CapabilityRule, name: Word): Fix {
  const title = `remove capability ${name.value}`;
  const span = name.span ?? { start: 0, end: 0 };
  if (rule.names.length === 1) return { title, edits: [deletion(each.document, rule.span ?? span)], safe: false };
  const before = /\s*$/.exec(each.document.text.slice(Math.max(0, span.start - 200), span.start))![0].length;
  return { title, edits: [replacement(each.document, { start: span.start - before, end: span.end }, "")], safe: false };
}
