import type { Abi, Alias, Assignment, Comment, Include } from "../ast.js";
import type { Diagnostic } from "../diagnostics.js";
import type { Language } from "../language.js";
import { changeAll } from "../print/bodies.js";
import { parse } from "../syntax/index.js";
import { frozen, path, refuse, several, word } from "./check.js";
import type { OneOrMore } from "./accesses.js";
import type { Entry } from "./profile.js";
import { refusedInBody } from "./refused.js";

/**
 * `include("abstractions/base")` is `include <abstractions/base>`; a name that begins with `/` is that file.
 *
 * @param options `ifExists`: a file that is not there is no error
 */
export function include(name: string, options: { ifExists?: boolean } = {}): Include {
  const file = word(name, "include()");
  return frozen({ kind: "include", path: file, magic: !name.startsWith("/"), ifExists: options.ifExists ?? false, hash: false });
}

/** `abi("abi/4.0")`: the features that the text was written for; beyond them nothing is mediated (apparmor.d(5), Feature ABI). */
export function abi(name: string): Abi {
  return frozen({ kind: "abi", path: word(name, "abi()"), magic: !name.startsWith("/") });
}

/** `alias("/home/", "/srv/home/")`: rules of the first speak of the second as well. */
export function alias(from: string, to: string): Alias {
  return frozen({ kind: "alias", from: path(from, "alias(): from"), to: path(to, "alias(): to") });
}

/** `variable("@{MODELS}", ["/mnt/models", "/srv/models"])`; `append` adds to what an include has set. */
export function variable(name: `@{${string}}`, values: OneOrMore<string>, options: { append?: boolean } = {}): Assignment {
  const bare = /^@\{([A-Za-z]\w*)\}$/.exec(name)?.[1] ?? refuse("variable()", `${JSON.stringify(name)} is no name: expected \`@{NAME}\`, letters, digits and \`_\``);
  const words = several(values, `variable(${name})`, (value, where) => (value === "" ? { value } : word(value, where)));
  return frozen({ kind: "assignment", name: bare, operator: options.append ? "+=" : "=", values: words });
}

/** Lines of comment above what follows. */
export function comment(text: string): Comment[] {
  return frozen(text.split(/\r?\n/).map((line) => ({ kind: "comment" as const, text: line === "" ? "" : ` ${line.trimEnd()}`, trailing: false })));
}

/**
 * Text in the language itself, as it stands within a profile: what the builder has no function for.
 *
 * @param language what has to accept it, default 4.1
 * @throws SyntaxError with the place of each mistake: of grammar, and of names and permissions that there are not
 */
export function raw(text: string, language?: Language): Entry[] {
  // the last line may be a comment, which needs its end
  const document = parse(`${text}\n`, { context: "body", file: "raw()", ...(language && { language }) });
  const refused = refusedInBody(document);
  if (refused.length > 0) throw new SyntaxError(problems(refused));
  return frozen(changeAll(document.statements, (body) => body.map(bare)) as Entry[]);
}

/** Every error with the line it is in. */
export function problems(errors: readonly Diagnostic[]): string {
  return errors.map(({ file, line, column, message, snippet, hint }) => `${file}:${line}:${column}: ${message}\n${snippet}${hint ? `\n${hint}` : ""}`).join("\n");
}

/** Without places: they mean nothing outside the text. */
function bare<T>(value: T): T {
  if (Array.isArray(value)) return value.map(bare) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (key === "span" ? [] : [[key, bare(inner)]]))) as T;
}
