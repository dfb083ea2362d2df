/**
 * A path or name that means itself: what globs, variables and lists give a meaning to is escaped.
 *
 * @example file(`/srv/${literal(user)}/**`, "r")
 */
export function literal(text: string): string {
  return text.replace(/[\\*?[\]{},]/g, "\\$&");
}
