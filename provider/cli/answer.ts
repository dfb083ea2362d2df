import { PostureError } from "../errors.js";
import { exits, worst, type Exit } from "./exits.js";
import { jsonLines } from "./lines.js";
import { printJson } from "./output.js";

/** What a line is answered with, and what that means for the exit code. */
export interface Answer {
  said: unknown;
  exit: Exit;
}

function answerTo(value: unknown, error: string | undefined, answer: (value: unknown) => Answer): Answer | string {
  if (error !== undefined) return error;
  try {
    return answer(value);
  } catch (error) {
    if (error instanceof PostureError) return error.message;
    // One line that breaks us must not take the rest along.
    return `internal error: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * Answers every JSON object of a stream with one line, in order. A line that can't be answered gets
 * `{ "error", "line" }` with its number, and the others go on.
 *
 * @param answer may throw a PostureError
 */
export async function answerLines(input: AsyncIterable<Buffer>, answer: (value: unknown) => Answer): Promise<Exit> {
  let exit: Exit = exits.fine;
  for await (const { line, value, error } of jsonLines(input)) {
    const answered = answerTo(value, error, answer);
    exit = worst(exit, typeof answered === "string" ? exits.invalid : answered.exit);
    await printJson(typeof answered === "string" ? { error: answered, line } : answered.said);
  }
  return exit;
}
