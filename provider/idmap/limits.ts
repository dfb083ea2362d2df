/**
 * What the kernel takes.
 * Source: Linux, `kernel/user_namespace.c` (`map_write`) and `include/linux/user_namespace.h`.
 */

/** The last id there is; 4294967295 is (uid_t)-1, which stands for «no id» in system calls. */
export const lastId = 4_294_967_294;

/** One past the last id: where the last possible range ends. */
export const endOfIds = lastId + 1;

/** What a map is written in (one for users, one for groups) must be shorter than a page, in bytes. */
export const maxMapBytes = 4096;

/** What Proxmox VE maps an unprivileged container to that has no `lxc.idmap` (pve-container, `parse_id_maps`). */
export const defaultBase = 100_000;

/** How many ids that default has, and how many of a container should be mapped: those of 16 bits. */
export const defaultSize = 65_536;

/**
 * How many entries a map may have (for users, and again for groups): 340, before Linux 4.15 only 5.
 *
 * @param kernel the release, as `uname -r` says it; the newest when not given
 */
export function maxEntries(kernel?: string): number {
  const [major = 0, minor = 0] = (/^\d+\.\d+/.exec(kernel ?? "99.0")?.[0] ?? "99.0").split(".").map(Number);
  return major > 4 || (major === 4 && minor >= 15) ? 340 : 5;
}
