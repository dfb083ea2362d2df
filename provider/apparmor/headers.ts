import { parse, positionAt } from "./syntax/index.js";

/** Where a profile of the outermost level begins. */
export interface ProfileHeader {
  /** with its namespace, if one is given */
  name: string;
  /** 1-based */
  line: number;
  flags: string[];
}

/**
 * The profiles that a text declares at its outermost level, hats and child profiles left out.
 *
 * Of a text with errors, those that can be made out.
 */
export function profileHeaders(text: string): ProfileHeader[] {
  const document = parse(text, { language: "5.0" });
  return document.statements.flatMap((statement) =>
    statement.kind !== "profile"
      ? []
      : [
          {
            name: statement.name.value,
            line: positionAt(document, statement.name.span!.start).line,
            flags: statement.flags.map(({ value }) => value),
          },
        ],
  );
}
