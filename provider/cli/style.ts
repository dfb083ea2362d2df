import { styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

/** Colours for a terminal that has some, unless NO_COLOR is set; otherwise the text as it is. */
export function style(format: Format, text: string): string {
  const coloured = process.stdout.isTTY && process.stdout.hasColors();
  return coloured ? styleText(format, text) : text;
}

/** A text of which nothing acts on the terminal: control characters but tabs, and what turns the direction, are shown as `\ufffd`. */
export const visible = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
