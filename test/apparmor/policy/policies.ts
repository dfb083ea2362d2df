import { policyOf, type Policy } from "../../../provider/apparmor/policy/index.js";
import { resolve, type Resolved } from "../../../provider/apparmor/resolve/index.js";
import { parse } from "../../../provider/apparmor/syntax/index.js";

/** A file that has to be fine. */
export function file(text: string): Resolved {
  const resolved = resolve(parse(text));
  const error = resolved.diagnostics.find(({ severity }) => severity === "error");
  if (error) throw new Error(`${error.message} in ${text}`);
  return resolved;
}

/** The policy of `/t { … }`, or of the first profile of a whole file. */
export function policy(rules: string, flags = ""): Policy {
  const resolved = file(/^\s*(profile|alias|@\{|\/t)/.test(rules) ? rules : `/t ${flags} { ${rules} }`);
  return policyOf(resolved.profiles[0]!, resolved);
}
