import type { z } from "zod";
import type { Secrecy } from "../container/shown.js";
import { brief, printable } from "../printable.js";

/** The engine's stand-in for a value that is not known yet (`@pulumi/pulumi`, runtime/rpc, `unknownValue`). */
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export interface Failure {
  property: string;
  reason: string;
}

/** Inputs without what the library itself or the engine put beside them. */
export function ownInputs(props: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(props).filter(([key]) => !key.startsWith("__")));
}

export function hasUnknown(value: unknown): boolean {
  return unknownPaths(value).length > 0;
}

/** Every problem of the inputs at its property path. What isn't known yet is no problem. */
export function failuresOf(schema: z.ZodType, inputs: Record<string, unknown>, secrecy: Secrecy = "shown"): Failure[] {
  const lost = protoPaths(inputs);
  if (lost.length > 0) return lost.map((path) => ({ property: pathText(path), reason: "can't be a key: it would be lost" }));
  const unknown = unknownPaths(inputs);
  const result = schema.safeParse(inputs);
  if (result.success) return [];
  return flatten(result.error.issues)
    .filter(({ path, of }) => !unknown.some((other) => isPrefix(other, path) || isPrefix(path, other) || of.includes(other[0]!)))
    // nor what two inputs make together, one of them unknown: the message quotes the stand-in
    .filter(({ message }) => !message.includes(unknownValue))
    .map(({ path, message, quotes }) => ({ property: pathText(path), reason: printable(brief([message, ...quoted(quotes, secrecy)].join("\n"), mostSaid)) }));
}

/** Several errors with their lines; and a key that an input can have. */
const mostSaid = 5000;
const mostOfKey = 100;

/** What a message quotes of an input. */
function quoted(quotes: string | undefined, secrecy: Secrecy): string[] {
  if (quotes === undefined) return [];
  return [secrecy === "shown" ? quotes : "(details not shown, as an input is a secret)"];
}

/** Objects have another use for this name, and zod passes over it. */
function protoPaths(value: unknown, path: PropertyKey[] = []): PropertyKey[][] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, part]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    return key === "__proto__" ? [here] : protoPaths(part, here);
  });
}

function unknownPaths(value: unknown, path: PropertyKey[] = []): PropertyKey[][] {
  if (value === unknownValue) return [path];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, part]) =>
    unknownPaths(part, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

const isPrefix = (a: PropertyKey[], b: PropertyKey[]): boolean => a.every((part, i) => part === b[i]);

/** A key that isn't an input is reported where it stands, not at its parent. */
function flatten(issues: readonly z.core.$ZodIssue[]): { path: PropertyKey[]; message: string; of: PropertyKey[]; quotes?: string }[] {
  return issues.flatMap(({ path, ...issue }) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({ path: [...path, key], message: "is not an input of this resource; check the spelling", of: [] as PropertyKey[] }));
    // a problem between two inputs, reported at one of them
    const of = issue.code === "custom" ? ((issue.params?.["of"] as PropertyKey[] | undefined) ?? []) : [];
    const quotes = issue.code === "custom" ? (issue.params?.["quotes"] as string | undefined) : undefined;
    return [{ path, of, message: issue.message.replace(/^Invalid input: /, ""), ...(quotes === undefined ? {} : { quotes }) }];
  });
}

function pathText(path: PropertyKey[]): string {
  return path
    .map((part, i) => {
      if (typeof part === "number") return `[${part}]`;
      const key = printable(brief(String(part), mostOfKey));
      return /^[A-Za-z_$][\w$]*$/.test(key) ? `${i > 0 ? "." : ""}${key}` : `[${JSON.stringify(key)}]`;
    })
    .join("");
}
