import { number, table } from "../table.mjs";

/** The part's section of the report. */
export function reportProfiles({ files, bytes, parsers, rest }) {
  const row = ({ name, version = "", seconds, refused, why, does }) =>
    seconds === undefined
      ? [name, version, "–", "–", "–", `${does}; not measured: ${why}`]
      : [name, version, number(files / seconds), number(bytes / seconds / 1e6), String(refused), does];
  const head = ["", "version", ">files/s", ">MB/s", ">refused", "what it does"];
  return `## Profiles

${files} profiles, ${(bytes / 1e6).toFixed(2)} MB: those of Debian 13's apparmor, apparmor-profiles, apparmor-profiles-extra and lxc, and this repository's own. Each figure is the best of several rounds, on one core.

### Parsing

${table(head, parsers.map(row))}

### The rest of pve-posture

${table(head, rest.map(row))}
`;
}
