import { ResolveError } from "./error.js";

export interface Label {
  /** with a leading `&`: to be stacked on the current one */
  stack: boolean;
  namespace?: string;
  name: string;
}

/**
 * Takes `:namespace:name` or `:namespace://name` apart.
 *
 * @throws ResolveError for an open or empty namespace and for an empty name
 */
export function parseLabel(text: string): Label {
  const stack = text.startsWith("&");
  const label = stack ? text.slice(1) : text;
  if (!label.startsWith(":")) return { stack, name: named(text, label) };
  const end = label.indexOf(":", 1);
  if (end < 0) throw new ResolveError("namespace", `the namespace of ${text} has no end`, "write :namespace:name");
  if (end === 1) throw new ResolveError("namespace", `the namespace of ${text} is empty`, "write :namespace:name");
  const rest = label.slice(end + 1);
  return { stack, namespace: label.slice(1, end), name: named(text, rest.startsWith("//") ? rest.slice(2) : rest) };
}

function named(text: string, name: string): string {
  if (name === "") throw new ResolveError("profile-name", `no profile is named in "${text}"`);
  return name;
}
