/**
 * A major or minor number as LXC reads it (`lxc_safe_int`: `strtol` with base 0, so `010` is 8). `*` is every number;
 * undefined for what LXC refuses.
 */
export function readNumber(text: string): number | "*" | undefined {
  if (text === "*") return "*";
  if (!/^\d+$/.test(text)) return undefined;
  if (!/^0\d/.test(text)) return Number(text);
  return /^[0-7]+$/.test(text) ? parseInt(text, 8) : undefined;
}
