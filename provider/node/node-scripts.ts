import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Without the lines that are comments: SSH servers take no command of more than some 32 kB. */
const read = (...names: string[]): string =>
  names.map((name) => readFileSync(join(__dirname, "scripts", name), "utf8").replace(/^[ \t]*#.*\n/gm, "")).join("");

/** The constant texts that run on a node, by what they do. There are no others: sudoers lists these. */
export const nodeScripts = {
  observe: read("prelude.sh", "observe.sh"),
  apply: read("prelude.sh", "transaction.sh", "apply.sh"),
  repair: read("prelude.sh", "transaction.sh", "repair.sh"),
  shift: `${read("prelude.sh")}cat > "$tmp/shift-owners.pl" << 'PERL' || exit 70\n${read("shift-owners.pl")}PERL\n${read("shift.sh")}`,
} as const;
