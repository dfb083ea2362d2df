/** OpenSSH's patterns: `*` stands for any characters, `?` for exactly one; nothing else is special. */
export function matchPattern(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1; // where to come back to: after the last *, which then takes one character more
  let from = 0;
  // By hand, as a regular expression made of `*a*a*a…` can take exponential time.
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === "*") {
      star = ++p;
      from = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star;
      t = ++from;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** A list of patterns: one must match, and no negated one (`!pattern`) may, wherever it stands. */
export function matchList(patterns: readonly string[], text: string): boolean {
  let found = false;
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) {
      if (matchPattern(pattern.slice(1), text)) return false;
    } else if (matchPattern(pattern, text)) {
      found = true;
    }
  }
  return found;
}
