/** Prefixes by which other tools know the same names: `SIGKILL`, `CAP_SYS_ADMIN`, `AF_INET`, `SOCK_STREAM`. */
const prefixes = /^(?:sig|cap_|af_|pf_|sock_|rlimit_|ms_|o_)/;

/** How many letters make one word the other; words of a language are short. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let line = 1; line <= a.length; line++) {
    const next = [line];
    for (let column = 1; column <= b.length; column++) {
      const same = a[line - 1] === b[column - 1] ? 0 : 1;
      next.push(Math.min(row[column]! + 1, next[column - 1]! + 1, row[column - 1]! + same));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The name that was probably meant; undefined where none is near. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  if (word.length > 40) return undefined;
  const lower = word.toLowerCase();
  const wanted = names.includes(lower) ? lower : lower.replace(prefixes, "");
  const far = names.map((name) => ({ name, apart: distance(wanted, name.toLowerCase()) })).sort((a, b) => a.apart - b.apart)[0];
  return far && far.apart <= Math.max(1, Math.floor(wanted.length / 3)) ? far.name : undefined;
}

const most = 16;

/** What is said of a name that is none: what was meant, or what there is. */
export function unknownName(what: string, word: string, names: readonly string[]): string {
  const near = nearest(word, names);
  const few = names.length <= most ? names.join(", ") : `${names.slice(0, most).join(", ")}, …`;
  return `there is no ${what} ${JSON.stringify(word.length > 80 ? `${word.slice(0, 80)}…` : word)}: ${near === undefined ? `expected one of ${few}` : `did you mean ${JSON.stringify(near)}?`}`;
}
