import type { Profile, Statement } from "../ast.js";
import type { Language } from "../language.js";
import { print } from "../print/print.js";
import { parse } from "../syntax/index.js";
import type { ProfileFile } from "./profile.js";
import { refusedInText } from "./refused.js";
import { problems } from "./statements.js";

/** Whether a value is what {@link profileFile} or {@link profile} gives. */
export function isBuilt(value: unknown): value is ProfileFile | Profile {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  return value.kind === "file" ? "statements" in value : value.kind === "profile";
}

/**
 * The text of what was built, in the order of the program, with a newline at its end. The same program gives the same
 * bytes.
 *
 * @param language what has to accept it, default 4.1
 * @throws SyntaxError where that does not take it, as far as its includes play no part: rules that are wrong by
 *   themselves, and, where nothing is included, exec rules that contradict each other
 */
export function toText(built: ProfileFile | Profile, language?: Language): string {
  const statements: readonly Statement[] = built.kind === "file" ? built.statements : [built];
  const text = print(statements, { sort: false });
  const document = parse(text, { file: "toText()", ...(language && { language }) });
  const refused = refusedInText(document);
  if (refused.length > 0) throw new SyntaxError(problems(refused));
  return text;
}
