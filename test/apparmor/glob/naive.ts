import fc from "fast-check";

/** A glob as a tree, with a matcher of its own that shares nothing with the automata. */
export type Part =
  | { kind: "text"; text: string }
  | { kind: "star" | "globstar" | "one" }
  | { kind: "set"; negated: boolean; members: string }
  | { kind: "group"; options: Part[][] };

export const { parts } = fc.letrec<{ parts: Part[]; part: Part }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    fc.record({ kind: fc.constant("text" as const), text: fc.constantFrom("a", "b", "/", "ab", "/a", "/b/", "é") }),
    fc.record({ kind: fc.constantFrom("star" as const, "globstar" as const, "one" as const) }),
    fc.record({ kind: fc.constant("set" as const), negated: fc.boolean(), members: fc.constantFrom("a", "ab", "/a", "b/") }),
    fc.record({ kind: fc.constant("group" as const), options: fc.array(tie("parts"), { minLength: 2, maxLength: 3 }) }),
  ),
  parts: fc.array(tie("part"), { maxLength: 5 }),
}));

export function write(glob: readonly Part[]): string {
  return glob
    .map((part) => {
      switch (part.kind) {
        case "text":
          return part.text;
        case "star":
          return "*";
        case "globstar":
          return "**";
        case "one":
          return "?";
        case "set":
          return `[${part.negated ? "^" : ""}${part.members}]`;
        case "group":
          return `{${part.options.map(write).join(",")}}`;
      }
    })
    .join("");
}

/** Items as the compiler reads the text: wildcards in a row are one run, and know what stands before and behind them. */
type Item =
  { kind: "byte"; of(byte: number): boolean } | { kind: "many"; of(byte: number): boolean } | { kind: "group"; options: Item[][] };

const notNull = (byte: number): boolean => byte !== 0;
const inComponent = (byte: number): boolean => byte !== 0 && byte !== 47;

/** The text is read once more, by hand; only what `write` makes has to be understood. */
function read(text: string): Item[] {
  const bytes = [...new TextEncoder().encode(text)];
  let at = 0;
  const sequence = (): Item[] => {
    const items: Item[] = [];
    while (at < bytes.length && bytes[at] !== 44 && bytes[at] !== 125) {
      const byte = bytes[at]!;
      if (byte === 42) {
        let end = at;
        while (bytes[end] === 42) end++;
        if (bytes[at - 1] === 47 && (end === bytes.length || bytes[end] === 47)) items.push({ kind: "byte", of: inComponent });
        for (; at < end; at += 2) items.push({ kind: "many", of: at + 1 < end ? notNull : inComponent });
        at = end;
      } else if (byte === 63) {
        items.push({ kind: "byte", of: inComponent });
        at++;
      } else if (byte === 91) {
        const end = bytes.indexOf(93, at);
        const negated = bytes[at + 1] === 94;
        const members = bytes.slice(at + (negated ? 2 : 1), end);
        items.push({ kind: "byte", of: (other) => members.includes(other) !== negated });
        at = end + 1;
      } else if (byte === 123) {
        const options: Item[][] = [];
        do {
          at++;
          options.push(sequence());
        } while (bytes[at] === 44);
        at++;
        items.push({ kind: "group", options });
      } else {
        items.push({ kind: "byte", of: (other) => other === byte });
        at++;
      }
    }
    return items;
  };
  return sequence();
}

/** Backtracking: every way to go on is tried. */
export function matches(glob: string, text: string): boolean {
  const bytes = [...new TextEncoder().encode(text)];
  const go = (items: readonly Item[], at: number, then: (at: number) => boolean): boolean => {
    const [item, ...rest] = items;
    if (!item) return then(at);
    if (item.kind === "group") return item.options.some((option) => go(option, at, (next) => go(rest, next, then)));
    if (item.kind === "byte") return at < bytes.length && item.of(bytes[at]!) && go(rest, at + 1, then);
    for (let end = at; ; end++) {
      if (go(rest, end, then)) return true;
      if (end >= bytes.length || !item.of(bytes[end]!)) return false;
    }
  };
  return go(read(glob), 0, (at) => at === bytes.length);
}
