import type { ResolvedRule } from "../resolve/types.js";
import { insertionAfter, ofRule, ofProfile, type Check, type Context } from "./context.js";
import { replacement } from "./edits.js";
import { everyFile } from "./files.js";
import type { Finding, Fix } from "./types.js";

/** Where mounts that several machines or containers share are put. */
const bases = /^\/(?:mnt\/pve|mnt|media|srv|zfs|shared?|exports?|nfs|net)\/[^/*?[\]{}]+(?=\/)/;

/**
 * A whole shared mount writable, where the container needs a subtree. Denies that confine the tree are counted: what is
 * asked is whether a path that nobody thought of can be written.
 */
export const wholeShare: Check = (context) => {
  const seen = new Set<string>();
  const byRule = context.profile.rules.flatMap((each): Finding[] => {
    const root = sharedRoot(context, each);
    if (root === undefined || !isOpen(context, root)) return [];
    seen.add(root);
    const { rule } = each;
    const mapped = rule.kind === "file" && rule.permissions.includes("m");
    return [
      ofRule(context, each, {
        code: "whole-share-writable",
        severity: "warning",
        message: `all of ${root} may be written${mapped ? " and run" : ""}: one container that is taken over changes the data of all that share it`,
        hint: everyFile(context)
          ? `${complement}, since every file is allowed: confine("${root}", [{ path: "models/**", permissions: "rw" }]) of the builder writes the denies`
          : `allow the subtree that is needed: ${root}/models/** rw,`,
        ...readOnly(context, each, root),
      }),
    ];
  });
  const declared = (context.options.shares ?? [])
    .map((path) => path.replace(/(?<=.)\/+$/, ""))
    .filter((path) => !seen.has(path) && isOpen(context, path));
  return [...byRule, ...declared.map((path) => ofShare(context, path))];
};

const complement = "deny all but the subtree that is needed";

/** Takes the writing away; which subtree needs it, only its owner knows. */
function readOnly(context: Context, each: ResolvedRule, root: string): { fix?: Fix } {
  const { document, rule } = each;
  if (rule.kind !== "file" || !rule.span || !rule.path || each.via.length > 0) return {};
  const title = `make ${root} read-only, and add rules for the subtrees to be written`;
  if (everyFile(context)) return { fix: { title, edits: [insertionAfter(context, each, `audit deny ${root}/** wl,`)], safe: false } };
  const from = Math.max(rule.span.start, rule.span.end - 100);
  const text = document.text.slice(from, rule.span.end);
  const permissions = rule.permissions.replace(/[wal]/g, "") || "r";
  const at = rule.exec === undefined && !rule.leading ? /\s(\w+)\s*,$/.exec(text) : undefined;
  if (!at) return {};
  const start = from + at.index + 1;
  return { fix: { title, edits: [replacement(document, { start, end: start + at[1]!.length }, permissions)], safe: false } };
}

function ofShare(context: Context, path: string): Finding {
  const { rules } = probe(context, path);
  const what = {
    code: "whole-share-writable" as const,
    severity: "warning" as const,
    message: `all of ${path} may be written`,
    hint: `${complement}: confine("${path}", [{ path: "models/**", permissions: "rw" }]) of the builder writes the denies`,
  };
  return rules[0] ? ofRule(context, rules[0], what) : ofProfile(context, what);
}

/** The share that a rule opens as a whole: `/mnt/shared` of `/mnt/shared/** rw,`. */
function sharedRoot({ options: { shares = [] }, profile }: Context, each: ResolvedRule): string | undefined {
  const { rule, document } = each;
  if (rule.kind !== "file" || rule.qualifiers.mode === "deny" || rule.qualifiers.owner || !rule.path || document !== profile.document)
    return undefined;
  if (!/[wa]/.test(rule.permissions)) return undefined;
  const tree = /^(.*?)\/(?:\*\*|\{\*\*,\}|\{,\*\*\}|\{\*\*,)/.exec(rule.path.value)?.[1];
  if (tree === undefined || /[*?[\]{}]/.test(tree)) return undefined;
  const known = shares.some((share) => share.replace(/\/+$/, "") === tree);
  return known || isShare(tree) ? tree : undefined;
}

function isShare(tree: string): boolean {
  const [root] = bases.exec(`${tree}/`) ?? [];
  return root === tree || /^\/(mnt|mnt\/pve|media|srv|zfs)$/.test(tree);
}

function isOpen(context: Context, root: string): boolean {
  return probe(context, root).allowed;
}

function probe({ decide }: Context, root: string): ReturnType<Context["decide"]> {
  return decide({ class: "file", path: `${root}/.posture-probe/x`, permissions: "w" });
}
