import { z } from "zod";

/**
 * A node as one names it for `ssh`: an alias of the settings or of `~/.ssh/config`, `host`, `user@host`,
 * with an optional `:port` (IPv6 addresses in brackets).
 */
export const nodeName = z
  .string()
  .regex(
    /^(?:[A-Za-z0-9_.-]+@)?(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/,
    "must name a node as for ssh: an alias, `host`, `user@host` or `host:port`",
  )
  .max(320, "must be at most 320 characters");

/** A container's id: 100 to 999999999 (pve-common's `pve-vmid`). */
export const vmid = z
  .int("must be a whole number, such as 951")
  .min(100, "must be at least 100: lower ids are reserved by Proxmox VE")
  .max(999_999_999, "must be at most 999999999");

/** Half a character of UTF-16 has no bytes: another one would arrive. */
export const wellFormed = z.string().refine((text) => !/\p{Cs}/u.test(text), "must be Unicode: it holds half of a surrogate pair");

/** One line of text that ends up in a file on the node: no line breaks, no NUL, nothing that acts on a terminal. */
export const oneLine = wellFormed
  .regex(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/, "must be a single line without control characters")
  .refine((text) => text === text.trim(), "must not begin or end with blanks: Proxmox VE would strip them");

/** A POSIX user or group id; 4294967295 means «no id» to the kernel. */
export const posixId = z.int().min(0).max(4_294_967_294);
