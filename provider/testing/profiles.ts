/** Reads the kernel's list of profiles: a line each, `name (mode)`. A name may hold blanks and parentheses. */
export function parseProfiles(text: string): Record<string, string> {
  const lines = text.split("\n").map((line) => /^(.*) \(([a-z]+)\)$/.exec(line));
  return Object.fromEntries(lines.flatMap((match) => (match ? [[match[1], match[2]]] : [])));
}
