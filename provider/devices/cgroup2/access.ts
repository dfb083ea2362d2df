/** Read, write, make the node (mknod). */
const letters = "rwm";

/** Every letter once, in the order r, w, m. */
export const normalAccess = (access: string): string => [...letters].filter((letter) => access.includes(letter)).join("");

/** Whether `access` has every letter of `other`. */
export const hasAccess = (access: string, other: string): boolean => [...other].every((letter) => access.includes(letter));

/** The letters that both have. */
export const commonAccess = (a: string, b: string): string => normalAccess([...a].filter((letter) => b.includes(letter)).join(""));

/**
 * What the kernel asks for at once: opening asks for r, w or both, making a node for m alone (Linux,
 * `include/linux/device_cgroup.h`). A rule must have all that is asked for at once; `r` and `w` in two rules do not let a
 * device be opened for both.
 */
export function requestsOf(access: string): string[] {
  return [normalAccess(access.replaceAll("m", "")), access.includes("m") ? "m" : ""].filter((request) => request !== "");
}
