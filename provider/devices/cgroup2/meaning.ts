import { requestsOf } from "./access.js";
import { applyDeviceLines, type Applied, type ApplyOptions } from "./apply.js";
import type { DeviceLine } from "./line.js";
import { normaliseRules } from "./normalise.js";
import { globalRule, printDeviceRule, type DeviceRule } from "./rule.js";

/** What holds for one type of device and one kind of request: opening (rw), or making a node (m). */
interface Part {
  type: "b" | "c";
  request: "rw" | "m";
  otherwise: "allow" | "deny";
  /** the rules that say the contrary */
  except: string[];
}

/** What the lines come to, the same for all lists that let the same through. */
function meaningOf({ otherwise, list, except }: Applied): Part[] {
  const rules = otherwise === list ? normaliseRules(except) : [];
  return (["b", "c"] as const).flatMap((type) =>
    (["rw", "m"] as const).map((request): Part => {
      const mine = rules.filter((rule) => rule.type === type).flatMap((rule) => partsOf(rule, request));
      const all = printDeviceRule({ type, major: "*", minor: "*", access: request });
      // an exception for all devices turns the list round
      return mine.includes(all)
        ? { type, request, otherwise: otherwise === "allow" ? "deny" : "allow", except: [] }
        : { type, request, otherwise, except: mine };
    }),
  );
}

const partsOf = (rule: DeviceRule, request: "rw" | "m"): string[] =>
  requestsOf(rule.access)
    .filter((access) => (access === "m") === (request === "m"))
    .map((access) => printDeviceRule({ ...rule, access }))
    .toSorted();

/** Whether two lists of lines let the same through. Each should be all that LXC reads, its defaults first. */
export function sameMeaning(one: readonly DeviceLine[], two: readonly DeviceLine[], options?: ApplyOptions): boolean {
  const print = (lines: readonly DeviceLine[]) => JSON.stringify(meaningOf(applyDeviceLines(lines, options)).map(sorted));
  return print(one) === print(two);
}

const sorted = (part: Part): Part => ({ ...part, except: part.except.toSorted() });

/** The rule that is written behind a `deny a` with no allow rule: without any, LXC would set no filter and allow all. */
const placeholder: DeviceLine = { action: "deny", value: "c *:* rwm" };

/** The fewest lines that let through what these do, whatever stands before them. */
export function normaliseLines(lines: readonly DeviceLine[], options?: ApplyOptions): DeviceLine[] {
  const { otherwise, list, except } = applyDeviceLines(lines, options);
  const rules = otherwise === list ? normaliseRules(except) : [];
  const contrary = otherwise === "allow" ? "deny" : "allow";
  const first: DeviceLine = { action: otherwise, value: printDeviceRule(globalRule) };
  if (otherwise === "deny" && rules.length === 0) return [first, placeholder];
  return [first, ...rules.map((rule): DeviceLine => ({ action: contrary, value: printDeviceRule(rule) }))];
}
