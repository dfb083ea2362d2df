import { confLayout } from "../../layout.js";
import { rawLines, type Facts, type Kept } from "./facts.js";
import { error, warning, type Finding } from "./finding.js";

const form = ({ key, value }: Kept): string => confLayout.same(`${key}: ${value}`);

/**
 * Raw lines where they are not in force.
 *
 * - Pending changes are applied name by name, the list of raw lines as one of them (pve-container,
 *   `vmconfig_apply_pending`): it takes the place of the list of the container.
 * - A rollback brings back the raw lines of its snapshot. Those that the container has as well are no news.
 */
export function misplaced({ sections, raw }: Facts): Finding[] {
  const here = new Set(raw.map(form));
  return sections.slice(1).flatMap((section) =>
    rawLines(section).flatMap((line) => {
      // which becomes the property `env`
      if (line.key === "lxc.environment.runtime") return [];
      if (section.kind === "pending") {
        const message = `\`${line.key}\` is a pending change: once they are applied, all raw lines of the container make way for those among them`;
        return [
          error(
            "raw-line-pending",
            line.line,
            message,
            "Move it up, before the first line in brackets; it takes effect at the next start anyway.",
          ),
        ];
      }
      if (here.has(form(line))) return [];
      const message = `\`${line.key}\` stands in the snapshot ${section.name} only: nothing comes of it, until a rollback brings it back`;
      return [
        warning(
          "raw-line-in-snapshot",
          line.line,
          message,
          "If the container should have it now, write it before the first line in brackets.",
        ),
      ];
    }),
  );
}
