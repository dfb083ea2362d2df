import { declare, giveBack, type EditResult } from "../container/families.js";
import {
  firewallFamilies, firewallLayout, headerFamily, isEmptyFirewall, shownEdit, tagged, usedHeaders,
} from "../container/firewall.js";
import { emptyLedger, type Ledger } from "../container/ledger.js";
import { joinLines, splitLines } from "../container/lines.js";
import { filePlan, type FilePlan } from "./container.js";
import type { Claim } from "./kind.js";
import type { Answers } from "./steps.js";

/** The lines that a resource stood for, and what it did for them. */
interface Former {
  lines: string[];
  ledger: Ledger;
}

export const firewallPath = (vmid: number): string => `/etc/pve/firewall/${vmid}.fw`;

export function firewallClaims(vmid: number, lines: string[]): Claim[] {
  return firewallFamilies(lines).flatMap((family) =>
    family.lines.map((line) => ({
      path: firewallPath(vmid),
      id: family.id,
      exclusive: family.mode === "whole",
      text: firewallLayout.same(line),
    })),
  );
}

export function planFirewall(vmid: number, answers: Answers, lines: string[], former: Former | undefined): FilePlan {
  const path = firewallPath(vmid);
  const text = answers.file(path);
  const ledger = former?.ledger ?? emptyLedger();
  const before = former?.lines ?? [];
  if (lines.length === 0 && before.length === 0) return filePlan(path, text, text, { changes: [], ledger, foreign: [] });
  const result = declareFirewall(text ?? "", lines, before, ledger);
  const created = ledger.created ?? text === undefined;
  const goes = created && isEmptyFirewall(result.lines) && lines.length === 0;
  // one that somebody else makes after that is theirs
  if (goes) delete result.ledger.created;
  else if (created) result.ledger.created = true;
  return filePlan(path, text, goes ? undefined : joinLines(result.lines), result);
}

/**
 * A header that is no longer declared goes only where it is ours and nothing stands below it: what stands there, others'
 * or what we have given back, would slip into the section above.
 */
function declareFirewall(text: string, lines: string[], before: string[], ledger: Ledger): EditResult {
  const there = tagged(splitLines(text));
  const stands = (header: string) => there.some((line) => firewallLayout.same(line.text) === header);
  const left = before.filter((line) => line.startsWith("[") && !lines.includes(line) && stands(line));
  const wanted = firewallFamilies(lines);
  const first = declare(there, [...wanted, ...left.map(headerFamily)], firewallFamilies(before), ledger, firewallLayout);
  const used = usedHeaders(first.lines, () => false);
  const ours = first.ledger.inserted.map((line) => firewallLayout.same(line.text));
  const unused = left.filter((header) => ours.includes(header) && !used.includes(header));
  const former = [...wanted, ...unused.map(headerFamily)];
  const second = declare(first.lines, wanted, former, first.ledger, firewallLayout);
  const changes = [...first.changes, ...second.changes];
  return shownEdit({ ...second, changes, foreign: [...first.foreign, ...second.foreign] });
}

export function planFirewallBack(
  vmid: number,
  answers: Answers,
  { lines: before, ledger }: Former,
  claimed: (path: string, form: string) => boolean,
): FilePlan {
  const path = firewallPath(vmid);
  const text = answers.file(path);
  if (text === undefined) return filePlan(path, text, text, { changes: [], ledger, foreign: [] });
  const lines = tagged(splitLines(text));
  const ours = new Set(ledger.inserted.map((line) => firewallLayout.same(line.text)));
  const headers = usedHeaders(lines, (line) => ours.has(firewallLayout.same(line)));
  const stays = (form: string) => headers.includes(form) || claimed(path, form);
  const back = giveBack(lines, firewallFamilies(before), ledger, firewallLayout, (line) => stays(firewallLayout.same(line)));
  const result = shownEdit(back);
  return filePlan(path, text, ledger.created && isEmptyFirewall(result.lines) ? undefined : joinLines(result.lines), result);
}
