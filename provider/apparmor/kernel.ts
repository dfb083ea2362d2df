import { profileHeaders } from "./headers.js";

/** Where the kernel lists the profiles that it has loaded. */
export const kernelList = "/sys/kernel/security/apparmor/profiles";

/** The mode of a profile in the kernel's list, whose lines are `name (mode)`; undefined when it is not loaded. */
export function loadedMode(list: string, name: string): string | undefined {
  // names may hold blanks and parentheses: `a (b) (enforce)` is not `a`
  const modes = list.split("\n").map((line) => (line.startsWith(`${name} (`) ? /^ \((\w+)\)$/.exec(line.slice(name.length)) : null));
  return modes.find((mode) => mode !== null)?.[1];
}

/** The mode that the text's profile asks for by its own flags, not by those of a child; enforce without one. */
export function expectedMode(text: string): string {
  const mode = profileHeaders(text)[0]?.flags.find((flag) => /^(?:complain|kill|unconfined|prompt)$/.test(flag));
  // the kernel's word for prompt, in aa_profile_mode_names
  return mode === "prompt" ? "user" : (mode ?? "enforce");
}
