import { createHash, createHmac } from "node:crypto";
import { matchList } from "./ssh-pattern";
import { Reader } from "./ssh-format";

/** One usable line of a known_hosts file. */
export interface KnownHost {
  marker?: "revoked" | "cert-authority";
  /** the first field: patterns divided by commas, or a hashed name */
  hosts: string;
  type: string;
  key: Buffer;
  file: string;
  line: number;
}

/** What known_hosts says of the key a server shows. */
export type Verdict =
  | { kind: "match"; entry: KnownHost }
  | { kind: "unknown"; authorities: KnownHost[] }
  | { kind: "changed"; entries: KnownHost[] }
  | { kind: "revoked"; entry: KnownHost };

/** Reads a known_hosts file; lines that mean nothing to us are skipped, as ssh skips them. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  const entries: KnownHost[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const fields = raw.trim().split(/[ \t]+/);
    if (fields[0] === "" || fields[0]!.startsWith("#")) continue;
    const marker = fields[0]!.startsWith("@") ? fields.shift()!.slice(1) : undefined;
    if (marker !== undefined && marker !== "revoked" && marker !== "cert-authority") continue;
    const [hosts, ...rest] = fields;
    const decoded = decodeKeyLine(rest.join(" "));
    if (hosts && decoded) entries.push({ marker, hosts, ...decoded, file, line: index + 1 });
  }
  return entries;
}

/** Takes `ssh-ed25519 AAAA… comment` apart; undefined when the key isn't of the type it claims. */
export function decodeKeyLine(line: string): { type: string; key: Buffer } | undefined {
  const [type, encoded] = line.trim().split(/[ \t]+/);
  if (!type || !encoded || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const key = Buffer.from(encoded, "base64");
  return keyType(key) === type ? { type, key } : undefined;
}

/** Under which name known_hosts lists a server: `host`, or `[host]:port` off port 22. */
export function lookupName(host: string, port: number): string {
  const lower = host.toLowerCase();
  return port === 22 ? lower : `[${lower}]:${port}`;
}

/**
 * Judges a key as ssh does.
 *
 * @param names what {@link lookupName} gives, first; then names under which a key is good enough too
 */
export function judge(entries: readonly KnownHost[], names: readonly string[], key: Buffer): Verdict {
  const listed = entries.filter((entry) => names.some((name) => nameMatches(entry.hosts, name)));
  const same = listed.filter((entry) => entry.key.equals(key));
  const revoked = same.find((entry) => entry.marker === "revoked");
  if (revoked) return { kind: "revoked", entry: revoked };
  const match = same.find((entry) => entry.marker === undefined);
  if (match) return { kind: "match", entry: match };
  // Only the first name counts here: another port of the same host may well have another key.
  const others = listed.filter((entry) => entry.marker === undefined && nameMatches(entry.hosts, names[0]!));
  if (others.length > 0) {
    const type = keyType(key);
    const entriesFirst = [...others].sort((a, b) => Number(b.type === type) - Number(a.type === type));
    return { kind: "changed", entries: entriesFirst };
  }
  return { kind: "unknown", authorities: listed.filter((entry) => entry.marker === "cert-authority") };
}

/** The types of key known for a server, to ask it for one that can be compared. */
export function knownTypes(entries: readonly KnownHost[], names: readonly string[]): string[] {
  const types = names.flatMap((name) =>
    entries
      .filter((entry) => entry.marker === undefined && nameMatches(entry.hosts, name))
      .map((entry) => entry.type),
  );
  return [...new Set(types)];
}

/** SHA-256 of a public key, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The type a public key names itself; undefined when it isn't one. */
export function keyType(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const length = key.readUInt32BE(0);
  return length > 0 && length <= 64 && key.length > 4 + length
    ? key.toString("latin1", 4, 4 + length)
    : undefined;
}

/** How many bits an RSA key has; more than any limit for a key of another type. */
export function rsaBits(key: Buffer): number {
  if (keyType(key) !== "ssh-rsa") return Infinity;
  try {
    const reader = new Reader(key);
    for (let i = 0; i < 2; i++) reader.string(); // type, exponent
    const modulus = reader.string().toString("hex").replace(/^0+/, "");
    return modulus === "" ? 0 : (modulus.length - 1) * 4 + parseInt(modulus[0]!, 16).toString(2).length;
  } catch {
    return 0; // no key at all
  }
}

function nameMatches(hosts: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts);
  if (!hashed) return !hosts.startsWith("|") && matchList(hosts.toLowerCase().split(","), name);
  const mac = createHmac("sha1", Buffer.from(hashed[1]!, "base64")).update(name).digest();
  return mac.equals(Buffer.from(hashed[2]!, "base64"));
}
