/** Two figures, or all of a number's whole part. */
export const number = (value) => (value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(2));

/** A number of seconds. */
export const seconds = (value) => (value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(value >= 10 ? 1 : 2));

export const whole = (value) => Math.round(value).toLocaleString("en");

/**
 * A table in Markdown that is one for the eye, too.
 *
 * @param {string[]} head titles; one that begins with `>` is that of a column of numbers
 * @param {string[][]} rows
 */
export function table(head, rows) {
  const right = head.map((title) => title.startsWith(">"));
  const lines = [head.map((title) => title.replace(/^>/, "")), ...rows];
  const widths = head.map((_, column) => Math.max(3, ...lines.map((cells) => cells[column].length)));
  const line = (cells) =>
    `| ${cells.map((cell, column) => (right[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (right[column] ? `${"-".repeat(width + 1)}:` : "-".repeat(width + 2))).join("|")}|`;
  return [line(lines[0]), rule, ...rows.map(line)].join("\n");
}
