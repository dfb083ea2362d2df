import { unknownName } from "../nearest.js";

/** One field of an access. */
export interface Field {
  /** what it has to be, for people */
  what: string;
  /** why a value is none; undefined where it is one */
  wrong(value: unknown): string | undefined;
  optional?: true;
}

const isText = (value: unknown): value is string => typeof value === "string";
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const field = (what: string, wrong: (value: unknown) => string | undefined): Field => ({ what, wrong });

export const optional = ({ what, wrong }: Field): Field => ({ what, wrong, optional: true });

/** Strings in policy end at a NUL, so none can hold one. */
const textWhere = (what: string, wrong: (text: string) => string | undefined): Field =>
  field(what, (value) => {
    if (!isText(value)) return `must be ${what}`;
    return value.includes("\0") ? "holds a NUL" : wrong(value);
  });

export const text = (what: string): Field => textWhere(what, () => undefined);
export const path = textWhere("a path that begins with /", (value) =>
  value.startsWith("/") ? undefined : "must be a path that begins with /",
);
export const flag = field("true or false", (value) => (typeof value === "boolean" ? undefined : "must be true or false"));
export const amount = (what: string, least: number, most: number): Field =>
  field(what, (value) => (typeof value === "number" && value >= least && value <= most ? undefined : `must be ${what}`));
export const textLike = (what: string, pattern: RegExp): Field =>
  textWhere(what, (value) => (pattern.test(value) ? undefined : `must be ${what}`));
export const textOf = (what: string, isOne: (value: string) => boolean): Field =>
  textWhere(what, (value) => (isOne(value) ? undefined : `${JSON.stringify(value)} is not ${what}`));

/**
 * One of these names.
 *
 * @param also what is a name besides, such as `#46` for a number without one
 */
export const name = (kind: string, names: readonly string[], also?: RegExp): Field =>
  textWhere(`a ${kind}`, (value) => (names.includes(value) || also?.test(value) ? undefined : unknownName(kind, value, names)));

/** One or more of these names, as a list. */
export const names = (kind: string, known: readonly string[]): Field => {
  const one = name(kind, known);
  const what = `a list of one or more of ${known.length > 16 ? `the names of ${kind}s` : known.join(", ")}`;
  return field(what, (value) => {
    if (!Array.isArray(value) || value.length === 0) return `must be ${what}`;
    return value.map((each) => one.wrong(each)).find((wrong) => wrong !== undefined);
  });
};

/** An object of these fields. */
export const object = (what: string, fields: Record<string, Field>): Field =>
  field(what, (value) => (isObject(value) ? wrongWith(what, value, fields) : `must be ${what}`));

/** The first thing that is wrong with an object, named by its field. */
export function wrongWith(what: string, value: Record<string, unknown>, fields: Record<string, Field>): string | undefined {
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
  if (unknown !== undefined) return unknownName(`field of ${what}`, unknown, Object.keys(fields));
  for (const [key, { what: wanted, wrong, optional: free }] of Object.entries(fields)) {
    if (value[key] === undefined) {
      if (!free) return `"${key}" is missing: ${wanted}`;
      continue;
    }
    const problem = wrong(value[key]);
    if (problem !== undefined) return `"${key}": ${problem}`;
  }
  return undefined;
}
