import type { Word } from "../../ast.js";
import { supports, type Language } from "../../language.js";
import { errorNumber, exclusiveProfileFlags, plainProfileFlags, profileModes, signalNumber } from "../../names/index.js";
import { nearest, refuseNewer, type Report } from "./report.js";

const plain: readonly string[] = [...profileModes, ...plainProfileFlags];

/** What takes a value, and how two values of it are told apart; undefined: no value of it. */
const valued: Record<string, (value: string) => string | number | undefined> = {
  "attach_disconnected.path=": (value) => (/^(?:\/|@\{)/.test(value) ? value : undefined),
  "kill.signal=": signalNumber,
  "error=": errorNumber,
};

const hints: Record<string, string> = {
  "attach_disconnected.path=": "a path that begins with `/`",
  "kill.signal=": "a signal by name, as term or hup",
  "error=": "an error by name, as EACCES or EPERM",
};

/** Flags that AppArmor 3.0 does not have. */
const since41 = ["debug", "prompt", "default_allow", "interruptible", "attach_disconnected.path=", "kill.signal=", "error="];

export function checkFlags(report: Report, flags: readonly Word[], language: Language): void {
  const seen = new Map<string, string | number>();
  const first = new Set<string>();
  for (const { value, span } of flags) {
    const refuse = (code: string, message: string, hint?: string): void => report(span, { code, message, ...(hint && { hint }) });
    const key = Object.keys(valued).find((prefix) => value.startsWith(prefix));
    if (!supports(language, "4.1") && since41.includes(key ?? value)) {
      refuseNewer(report, span, `the flag \`${value}\``, language);
      continue;
    }
    if (supports(language, "5.0") && /^attach_disconnected\.ipc(?:=.*)?$/.test(value)) continue;
    if (key) {
      const meaning = valued[key]!(value.slice(key.length));
      const earlier = seen.get(key);
      if (meaning === undefined) refuse("bad-flag-value", `\`${value}\` has no value that \`${key.slice(0, -1)}\` takes`, `it takes ${hints[key]}`);
      else if (earlier !== undefined && earlier !== meaning) refuse("conflicting-flags", `\`${key.slice(0, -1)}\` is given twice`);
      else seen.set(key, meaning);
      if (key === "attach_disconnected.path=") first.add("attach_disconnected");
    } else if (!plain.includes(value)) {
      const near = nearest(value, [...plain, ...Object.keys(valued)]);
      refuse("unknown-flag", `\`${value}\` is no flag of a profile`, near ? `did you mean \`${near}\`?` : undefined);
    } else first.add(value);
    const other = conflict(value.startsWith("attach_disconnected.path=") ? "attach_disconnected" : value, first);
    if (other) refuse("conflicting-flags", `\`${value}\` and \`${other}\` exclude one another`);
  }
}

/** A flag given before that this one does not go with. */
function conflict(flag: string, given: Set<string>): string | undefined {
  const modes: readonly string[] = profileModes;
  if (modes.includes(flag)) return modes.find((mode) => mode !== flag && given.has(mode));
  for (const [one, other] of exclusiveProfileFlags) {
    if (flag === one && given.has(other)) return other;
    if (flag === other && given.has(one)) return one;
  }
  return undefined;
}
