import { checkEntry, type Entry, type IdType } from "./entry.js";
import { IdMapError } from "./error.js";

/**
 * Reads the value of an `lxc.idmap` line, such as `u 0 100000 65536`: what, from which id of the container on, from
 * which of the node on, how many.
 *
 * Taken is only what LXC and Proxmox VE read alike. LXC (`parse_idmaps`, numbers by `strtoul` with base 0) reads `010`
 * as 8 and `0x10` as 16, Proxmox VE (`parse_id_maps`, `\d+`) the first as 10 and the second not at all.
 */
export function parseEntry(value: string): Entry {
  const match = /^[ \t\r]*([ug])[ \t\r]+(\d+)[ \t\r]+(\d+)[ \t\r]+(\d+)[ \t\r]*$/.exec(value);
  if (!match)
    throw new IdMapError(
      "unreadable",
      `\`${value}\` is no map: write <u|g> <container id> <host id> <count>, such as \`u 0 100000 65536\``,
    );
  const octal = match.slice(2).find((number) => /^0\d/.test(number));
  if (octal !== undefined)
    throw new IdMapError("unreadable", `\`${value}\`: LXC reads ${octal} as octal, Proxmox VE does not; leave the zero out`);
  const [container, host, count] = match.slice(2).map(Number) as [number, number, number];
  const entry = { type: match[1] as IdType, container, host, count };
  checkEntry(entry);
  return entry;
}

/** The value of an `lxc.idmap` line. */
export const printEntry = ({ type, container, host, count }: Entry): string => `${type} ${container} ${host} ${count}`;
