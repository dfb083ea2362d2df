/**
 * Regular languages of bytes. Strings of bytes are JavaScript strings of characters 0 to 255.
 */
export type Regex =
  | { kind: "text"; text: string }
  | { kind: "set"; set: ByteSet }
  /** any number of bytes of the set */
  | { kind: "star"; set: ByteSet }
  | { kind: "sequence"; parts: readonly Regex[] }
  | { kind: "choice"; options: readonly Regex[] };

/** The bytes of a set, each once and ascending, as a string: equal sets are equal strings. */
export type ByteSet = string;

export const empty: Regex = { kind: "text", text: "" };

const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");

export function setOf(bytes: Iterable<number>): ByteSet {
  return String.fromCharCode(...[...new Set(bytes)].sort((a, b) => a - b));
}

export function complementOf(bytes: readonly number[]): ByteSet {
  const set = setOf(bytes);
  let others = complements.get(set);
  if (others === undefined) {
    const without = new Set(bytes);
    others = setOf(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !without.has(byte)));
    // globs have few of them, wildcards one
    if (complements.size < 1000) complements.set(set, others);
  }
  return others;
}

const complements = new Map<ByteSet, ByteSet>();

/** Every byte, those of one path component, those of one field. */
export const anyByte: ByteSet = all;
export const notNull: ByteSet = all.slice(1);
export const notSlash: ByteSet = all.replace("/", "");
export const component: ByteSet = notNull.replace("/", "");

export const text = (bytes: string): Regex => ({ kind: "text", text: bytes });
export const set = (bytes: ByteSet): Regex => (bytes.length === 1 ? text(bytes) : { kind: "set", set: bytes });
export const star = (bytes: ByteSet): Regex => ({ kind: "star", set: bytes });
/** Of any number of parts, which arguments of a call are not. */
export const sequenceOf = (parts: readonly Regex[]): Regex => (parts.length === 1 ? parts[0]! : { kind: "sequence", parts });
export const choiceOf = (options: readonly Regex[]): Regex => (options.length === 1 ? options[0]! : { kind: "choice", options });
export const sequence = (...parts: Regex[]): Regex => sequenceOf(parts);
export const choice = (...options: Regex[]): Regex => choiceOf(options);
export const optional = (part: Regex): Regex => choice(part, empty);
/** Any text of a field, the empty one too; and any but the empty one. */
export const anyField: Regex = star(notNull);
export const anyName: Regex = sequence(set(notNull), star(notNull));

/** Whether the compiler takes it for a plain name, whose exec mode beats those of globs: alternatives and `[abc]` still are. */
export function isExact(regex: Regex): boolean {
  switch (regex.kind) {
    case "text":
      return true;
    case "set":
      return !negated.has(regex);
    case "star":
      return false;
    case "sequence":
      return regex.parts.every(isExact);
    case "choice":
      return regex.options.every(isExact);
  }
}

const negated = new WeakSet<Regex>();

/** A set that was written as the complement of another: `[^/]`, `?`. */
export function negatedSet(bytes: ByteSet): Regex {
  const regex: Regex = { kind: "set", set: bytes };
  negated.add(regex);
  return regex;
}

/** The bytes of a text in UTF-8. */
export function bytesOf(value: string): string {
  // almost everything is ASCII

  if (/^[\x00-\x7f]*$/.test(value)) return value;
  let bytes = "";
  for (const byte of new TextEncoder().encode(value)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** The text that has these bytes in UTF-8. */
export function textOf(bytes: string): string {
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
}
