const endings = [".dpkg-new", ".dpkg-old", ".dpkg-dist", ".dpkg-bak", ".dpkg-remove", ".pacsave", ".pacnew", ".rpmnew", ".rpmsave", ".orig", ".rej", "~"];

/** Whether AppArmor passes over a file of this name when it reads a directory (libapparmor, `_aa_is_blacklisted`). */
export const isSkipped = (name: string): boolean => name.startsWith(".") || name === "README" || endings.some((ending) => name.endsWith(ending));
