import { z } from "zod";
import { checkRules } from "../provider/apparmor/check/rules.js";
import { profileHeaders } from "../provider/apparmor/headers.js";
import { parse } from "../provider/apparmor/syntax/index.js";
import type { Diagnostic } from "../provider/apparmor/diagnostics.js";
import { nodeName, wellFormed } from "./node.js";

/** A profile's name that can also be its file's name, and one that the kernel shows unchanged. */
export const profileName = z
  .string()
  .max(246, "must be at most 246 characters: LXC would replace a longer name by a hash")
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/,
    "must be letters, digits, `_`, `.`, `+` or `-`: the profile is deployed to /etc/apparmor.d/<name>",
  )
  .refine(
    (name) => !/(?:~|\.(?:dpkg-\w+|rpm\w+|orig|rej|pacnew|pacsave))$/.test(name),
    "must not end like a backup file: AppArmor skips those at boot",
  );

const maxErrors = 5;

/** In the newest language, as it is for the node's own compiler to say what it takes. Includes are on the node too. */
function errorsOf(text: string): Diagnostic[] {
  const document = parse(text, { language: "5.0" });
  return [...document.errors, ...checkRules(document)].filter(({ severity }) => severity === "error");
}

const explain = ({ line, column, message, hint, snippet }: Diagnostic): string =>
  [`${line}:${column}: ${message}`, ...snippet.split("\n").map((text) => `    ${text}`), ...(hint ? [`  ${hint}`] : [])].join("\n");

export const appArmorProfileInputs = z
  .strictObject({
    node: nodeName,
    name: profileName,
    profile: wellFormed
      .min(1, "must hold the profile's text")
      .max(1_000_000, "must be at most 1 MB")
      .refine((text) => !text.includes("\0"), { error: "must not contain NUL", abort: true }),
  })
  .superRefine(({ name, profile }, context) => {
    const errors = errorsOf(profile);
    if (errors.length > 0) {
      const [{ line, column }] = errors as [Diagnostic];
      // at no path, as the engine shows the value of what it complains of, and that is the whole text
      const message = `\`profile\` has an error at line ${line}, column ${column}`;
      context.addIssue({ code: "custom", path: [], message, params: { of: ["profile"], quotes: errors.slice(0, maxErrors).map(explain).join("\n") } });
      return;
    }
    const found = profileHeaders(profile).map((header) => header.name);
    if (found.length === 1 && found[0] === name) return;
    const problem =
      found.length === 0
        ? `is not declared by the text, which declares no profile: expected \`profile ${name} flags=(…) { … }\``
        : found.length === 1
          ? `must agree with the text, which declares the profile ${found[0]}`
          : `is one of ${found.length} profiles that the text declares (${found.join(", ")}): make each a resource of its own`;
    // not at `profile`: the engine shows the value of what it complains of, and that is the whole text
    context.addIssue({ code: "custom", path: ["name"], params: { of: ["profile"] }, message: problem });
  });

export type AppArmorProfileInputs = z.infer<typeof appArmorProfileInputs>;
