/**
 * The language of AppArmor profiles, without Pulumi: `import { check, compareFiles } from "pve-posture/apparmor"`.
 *
 * Nothing here reads files or starts processes: texts and included files are given.
 *
 * @example
 * const include = includesFrom({ "abstractions/base": "/etc/ld.so.cache r,\n" });
 * const { diagnostics, resolved } = check(text, { file: "lxc-web", include });
 * const profile = resolved.profiles[0]!;
 * decide(policyOf(profile), { class: "file", path: "/mnt/shared/secret", permissions: "w" }).allowed;
 *
 * @packageDocumentation
 */
export type * from "./ast.js";
export * as build from "./build/index.js";
export { check, type CheckOptions, type Checked } from "./check/index.js";
export type { Diagnostic, DiagnosticCode } from "./diagnostics.js";
export { defaultLanguage, languages, type Language } from "./language.js";
export { applyEdits, findings, lint, type FindingCode } from "./lint/index.js";
export type * from "./lint/types.js";
export * from "./policy/index.js";
export { format, print, type FormatOptions, type Formatted, type PrintOptions } from "./print/index.js";
export { includesFrom, resolve, ResolveError } from "./resolve/index.js";
export type * from "./resolve/types.js";
export { parse, positionAt, type Document, type ParseOptions } from "./syntax/index.js";
