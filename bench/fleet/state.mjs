/** Bytes of a resource in the exported state, by type: how many there are and the median. */
export function stateSizes(resources) {
  const sizes = {};
  for (const resource of resources) {
    const type = resource.type.split(":").at(-1);
    if (resource.custom && !resource.type.startsWith("pulumi:")) (sizes[type] ??= []).push(JSON.stringify(resource).length);
  }
  return Object.entries(sizes).map(([type, all]) => ({
    type,
    count: all.length,
    bytes: all.sort((a, b) => a - b)[all.length >> 1],
  }));
}
