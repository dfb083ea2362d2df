/**
 * Drops repeated slashes, as the compiler does in paths: `/a//b` is `/a/b`. Exactly two at the beginning stay (POSIX gives
 * them a meaning of their own).
 */
export function collapseSlashes(path: string): string {
  const keep = /^\/\/(?!\/)/.test(path) ? 2 : 0;
  return path.slice(0, keep) + path.slice(keep).replace(/\/{2,}/g, "/");
}
