import type { ResolvedRule } from "../../apparmor/resolve/index.js";
import { positionAt } from "../../apparmor/syntax/index.js";

/** A rule behind a decision or a difference: its text, and where it stands. */
export interface RulePlace {
  file?: string;
  line?: number;
  column?: number;
  text: string;
}

const longest = 200;

export function rulePlace({ rule, document }: ResolvedRule): RulePlace {
  if (!rule.span) return { text: rule.kind };
  const written = document.text.slice(rule.span.start, rule.span.end).replace(/\s+/g, " ");
  const text = written.length > longest ? `${written.slice(0, longest)}…` : written;
  return {
    ...(document.file !== undefined && { file: document.file }),
    ...positionAt(document, rule.span.start),
    text,
  };
}
