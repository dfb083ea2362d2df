/** Signals by name, with the kernel's numbers (signal(7)); `exists` is the test whether a process is there. */
export const signals = {
  hup: 1, int: 2, quit: 3, ill: 4, trap: 5, abrt: 6, bus: 7, fpe: 8, kill: 9, usr1: 10, segv: 11, usr2: 12, pipe: 13, alrm: 14,
  term: 15, stkflt: 16, chld: 17, cont: 18, stop: 19, stp: 20, ttin: 21, ttou: 22, urg: 23, xcpu: 24, xfsz: 25, vtalrm: 26,
  prof: 27, winch: 28, io: 29, pwr: 30, sys: 31, emt: 32, exists: 35,
} as const;

/** `rtmin+0` to `rtmin+32` are the real-time signals. */
export type Signal = keyof typeof signals | `rtmin+${number}`;

/** A signal's number within compiled policy: real-time signals count from 128. Undefined when there is no such signal. */
export function signalNumber(name: string): number | undefined {
  if (Object.hasOwn(signals, name)) return signals[name as keyof typeof signals];
  // the compiler reads the number as strtoul(3) does: blanks before it, none at all (0) and anything behind it are fine
  const [, sign, digits] = /^rtmin\+[\t-\r ]*([+-]?)(\d*)/.exec(name) ?? [];
  if (digits === undefined) return undefined;
  const offset = Number(digits);
  return offset <= (sign === "-" ? 0 : 32) ? 128 + offset : undefined;
}

/** What signal rules can allow. `read` and `r` mean receive, `write` and `w` send. */
export const signalAccesses = ["send", "receive"] as const;

export type SignalAccess = (typeof signalAccesses)[number];
