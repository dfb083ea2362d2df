import type { Include } from "../ast.js";
import { parse } from "../syntax/parse.js";
import type { Document } from "../syntax/document.js";
import { chain, report, type Context, type Place } from "./context.js";
import type { IncludedFile } from "./types.js";

/** Deeper nesting is refused, sooner where a file includes itself through profiles of its own. */
const maxDepth = 1000;
const maxCycle = 150;
/** A few files that include each other can ask for billions. */
const maxFiles = 20_000;

/**
 * The files that an include statement stands for, those left out that its block has already.
 *
 * @param inProfile whether the statement stands within a profile
 */
export function openInclude(context: Context, place: Place, include: Include, inProfile: boolean): Place[] {
  const { path, magic, span } = include;
  const cyclic = place.via.length >= maxCycle && place.via.some(({ document }) => document === place.document);
  if (cyclic || place.via.length >= maxDepth) {
    report(context, place, span, {
      code: "include-depth",
      message: `includes nested more than ${cyclic ? maxCycle : maxDepth} deep`,
      ...(cyclic && { hint: "a file includes itself" }),
    });
    return [];
  }
  const key = keyOf(include, path.value);
  if (place.included.has(key)) return [];
  const from = place.document.file;
  const found = context.include(path.value, { magic, ...(from !== undefined && { from }) });
  if (found === undefined) {
    if (!include.ifExists) report(context, place, span, notFound(include));
    return [];
  }
  place.included.add(key);
  const via = [...place.via, { document: place.document, start: span?.start ?? 0 }];
  // The compiler puts each file of a directory before those it has, so the last one is read first.
  const files = Array.isArray(found) ? [...found].reverse() : [found];
  return files
    .filter((file) => isNew(place, include, file) && withinLimit(context, place, include))
    .map((file) => ({ document: documentOf(context, { ...place, via }, file, inProfile), via, included: place.included }));
}

function keyOf({ magic }: Include, name: string): string {
  return magic ? `<${name}>` : name;
}

function isNew(place: Place, { path, magic }: Include, { file }: IncludedFile): boolean {
  const key = `file ${magic ? file : path.value === file ? file : `${path.value} ${file}`}`;
  if (place.included.has(key)) return false;
  place.included.add(key);
  return true;
}

function withinLimit(context: Context, place: Place, { span }: Include): boolean {
  context.opened += 1;
  if (context.opened === maxFiles + 1)
    report(context, place, span, {
      code: "include-limit",
      message: `more than ${maxFiles.toLocaleString("en")} includes`,
      hint: "files include each other",
    });
  return context.opened <= maxFiles;
}

function documentOf(context: Context, place: Place, { file, text }: IncludedFile, inProfile: boolean): Document {
  const key = `${file}\0${text}`;
  const known = context.parsed.get(key);
  if (known) return known;
  const document = readIncluded(context, { file, text }, inProfile);
  context.parsed.set(key, document);
  context.result.documents.push(document);
  for (const error of document.errors) context.result.diagnostics.push({ ...error, message: error.message + chain(place) });
  return document;
}

/** What is wrong is best told by what belongs there, unless that makes it worse. */
function readIncluded({ language }: Context, { file, text }: IncludedFile, inProfile: boolean): Document {
  const document = parse(text, { file, language, context: "fragment" });
  if (document.errors.length === 0) return document;
  const there = parse(text, { file, language, context: inProfile ? "body" : "file" });
  return there.errors.length <= document.errors.length ? there : document;
}

function notFound({ path, magic }: Include): { code: string; message: string; hint: string } {
  return {
    code: "include-not-found",
    message: `there is no ${magic ? `<${path.value}>` : `"${path.value}"`} to include`,
    hint: magic
      ? "it is searched in the include directories, /etc/apparmor.d by default; `include if exists` when it may be missing"
      : "a name in quotes is a path",
  };
}
