const byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = new RegExp(`^${byte}(?:\\.${byte}){3}$`);

/** Whether inet_pton(3) takes the text as an IPv4 or IPv6 address. */
export function isAddress(text: string): boolean {
  return ipv4.test(text) || isIpv6(text);
}

function isIpv6(text: string): boolean {
  if (text.length > 45) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const parts = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = parts.at(-1);
  const embedded = last !== undefined && last.includes(".");
  if (embedded && (!ipv4.test(last) || text.endsWith("::"))) return false;
  const groups = embedded ? parts.slice(0, -1) : parts;
  const count = groups.length + (embedded ? 2 : 0);
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) && (halves.length === 2 ? count <= 7 : count === 8);
}
