/** The mode of a profile in the kernel's list, whose lines are `name (mode)`; undefined when it is not loaded. */
export function loadedMode(list: string, name: string): string | undefined {
  const line = list.split("\n").find((entry) => entry.startsWith(`${name} (`));
  return line && /\((\w+)\)$/.exec(line)?.[1];
}

/** The mode that the text asks for by its flags; enforce without one. */
export function expectedMode(text: string): string {
  const flags = /^[^#\n]*?\bflags\s*=\s*\(([^)]*)\)/m.exec(text)?.[1] ?? "";
  const mode = /\b(complain|kill|unconfined|prompt)\b/.exec(flags)?.[1];
  // the kernel's word for prompt, in aa_profile_mode_names
  return mode === "prompt" ? "user" : (mode ?? "enforce");
}
