/** Which apparmor_parser has to accept the text: 3.0 (Proxmox VE 8), 4.1 (Proxmox VE 9) or 5.0. */
export type Language = "3.0" | "4.1" | "5.0";

export const languages: readonly Language[] = ["3.0", "4.1", "5.0"];

/** The default: what Proxmox VE 9 has. */
export const defaultLanguage: Language = "4.1";

/** Whether `language` has what came with `since`. */
export function supports(language: Language, since: Language): boolean {
  return languages.indexOf(language) >= languages.indexOf(since);
}
