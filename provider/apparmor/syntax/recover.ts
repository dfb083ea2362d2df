import { isSpace, NEWLINE } from "./chars.js";
import { take, type Cursor } from "./cursor.js";

/**
 * Pass over the rest of a statement that could not be understood: to its comma, its line's end, or the brace that opens or
 * closes a body, whichever is first.
 */
export function recover(cursor: Cursor, start: number): void {
  const { text } = cursor;
  // at least one character, or nothing would ever end
  let end = Math.max(cursor.at, start + 1);
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    const apart = end === start || isSpace(text.charCodeAt(end - 1));
    if (code === NEWLINE) {
      const next = spacesEnd(text, end);
      // no statement begins with one of these: the line goes on with the one that is wrong
      if (next >= text.length || !"()=,<".includes(text.charAt(next))) break;
      end = next - 1;
      continue;
    }
    if (code === 44 && atEnd(text, end + 1)) {
      end++;
      break;
    }
    if ((code === 123 || code === 125) && apart && atEnd(text, end + 1)) break;
  }
  end = Math.min(end, text.length);
  if (end > cursor.at) take(cursor, end, "unknown");
}

const atEnd = (text: string, at: number): boolean => at >= text.length || isSpace(text.charCodeAt(at)) || text.charAt(at) === "}";

function spacesEnd(text: string, at: number): number {
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}
