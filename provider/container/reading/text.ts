/**
 * A comment or `description`, as Proxmox VE decodes it.
 * Source: pve-common, `PVE::Tools::decode_text`.
 *
 * @param text latin1
 */
export function decodeText(text: string): string {
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return fromUtf8(bytes);
}

/** A line of a description, as Proxmox VE writes it; ASCII. Source: pve-common, `PVE::Tools::encode_text`. */
export function encodeText(text: string): string {
  const bytes = Buffer.from(text, "utf8").toString("latin1");
  return bytes.replace(/[^ -$&-9;-~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

/** Text of a file, read as latin1, as people read it; what is no UTF-8 becomes U+FFFD. */
export const fromUtf8 = (text: string): string => Buffer.from(text, "latin1").toString("utf8");
