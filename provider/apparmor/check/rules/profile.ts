import type { Profile } from "../../ast.js";
import type { Language } from "../../language.js";
import { checkFlags } from "./flags.js";
import { checkGlobs } from "./globs.js";
import type { Report } from "./report.js";
import { checkXattrs } from "./xattrs.js";

/** Check a profile's header; `inner`: it stands within another profile. */
export function checkProfileHeader(report: Report, profile: Profile, language: Language, inner: boolean): void {
  const { attachment, keyword, name, xattrs } = profile;
  const problem = nameProblem(name.value);
  if (problem) report(name.span, { code: "bad-profile-name", message: problem });
  if (attachment && !/^(?:\/|@\{)/.test(attachment.value)) {
    report(attachment.span, { code: "bad-path", message: `\`${attachment.value}\` is no program's path`, hint: "an attachment begins with `/` or a variable" });
  }
  if (inner && xattrs?.length && keyword !== "profile") {
    report(xattrs[0]?.span, { code: "hat-with-xattrs", message: "a hat has no xattrs", hint: "make it a child profile: `profile name xattrs=(…) {`" });
  }
  checkFlags(report, profile.flags, language);
  checkXattrs(report, xattrs ?? []);
  if (attachment) checkGlobs(report, [attachment]);
  else {
    // the name is what the program's path is matched with
    const last = name.value.lastIndexOf("//");
    checkGlobs(report, [{ ...name, value: last === -1 ? name.value : name.value.slice(last + 2) }]);
  }
}

function nameProblem(name: string): string | undefined {
  if (name.startsWith("&")) return "a profile's name can't begin with `&`";
  if (name === "") return "a profile needs a name";
  if (!name.startsWith(":")) return undefined;
  const end = name.indexOf(":", 1);
  if (end === -1) return "no `:` closes the namespace";
  if (end === 1) return "the namespace has no name";
  return name.slice(end + 1).replace(/^\/\//, "") === "" ? "no name stands behind the namespace" : undefined;
}
