import { reportFleet } from "./fleet/report.mjs";
import { reportProfiles } from "./profiles/report.mjs";

/** The data as Markdown. */
export function report({ machine, software, profiles, fleet }) {
  return `# How it compares

${machine}; ${software}. How it is measured: [README.md](README.md).

${[profiles && reportProfiles(profiles), fleet && reportFleet(fleet)].filter(Boolean).join("\n")}`;
}
