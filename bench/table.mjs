const number = (value) => (value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(2));

/**
 * One row of figures.
 *
 * @param {{ name: string, version?: string, seconds?: number, refused?: number, why?: string, does: string }} result
 *   `why` there are no figures, or none
 */
function row({ name, version = "", seconds, refused, why, does }, files, bytes) {
  if (seconds === undefined) return [name, version, "–", "–", "–", `${does}; not measured: ${why}`];
  return [name, version, number(files / seconds), number(bytes / seconds / 1e6), String(refused), does];
}

/** A table in Markdown that is one for the eye, too. */
export function table(results, files, bytes) {
  const rows = [["", "version", "files/s", "MB/s", "refused", "what it does"], ...results.map((result) => row(result, files, bytes))];
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((cells) => cells[column].length)));
  const right = (column) => column >= 2 && column <= 4;
  const line = (cells) =>
    `| ${cells.map((cell, column) => (right(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (right(column) ? `${"-".repeat(width + 1)}:` : "-".repeat(width + 2))).join("|")}|`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join("\n");
}
