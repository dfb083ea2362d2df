/** What repair.sh has found of transactions that were interrupted, and done about them. */
export interface Repairs {
  /** what the transactions were about, and has been put back: paths, and `profile:NAME` */
  undone: string[];
  /** what was left, as somebody else has changed it since, or uses it */
  kept: string[];
  /** what could not be put back now */
  failed: string[];
  /** locks that others held too long */
  locked: string[];
}

/** Reads what repair.sh says; lines that mean nothing here are none of its own. */
export function decodeRepairs(output: Buffer): Repairs {
  const repairs: Repairs = { undone: [], kept: [], failed: [], locked: [] };
  for (const line of output.toString("utf8").split("\n")) {
    const [, word, rest] = /^(undone|kept|failed|locked)[\t ](.*)$/.exec(line) ?? [];
    if (word === undefined) continue;
    repairs[word as keyof Repairs].push(...rest!.split(word === "undone" ? "\t" : " ").filter(Boolean));
  }
  return repairs;
}

/** In words for the operator; nothing where nothing was found. */
export function repairNotes({ undone, kept, failed, locked }: Repairs): string[] {
  return [
    ...(undone.length > 0 ? [`an update was interrupted here before; undone: ${undone.join(", ")}`] : []),
    ...(kept.length > 0 ? [`not undone, as somebody has changed or uses it since: ${kept.join(", ")}`] : []),
    ...(failed.length > 0 ? [`could not be undone now, and is tried again the next time: ${failed.join(", ")}`] : []),
    ...(locked.length > 0 ? [`an update was interrupted here before, and can't be undone while another task holds ${locked.join(", ")}`] : []),
  ];
}
