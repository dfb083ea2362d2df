import { fromBytes, toBytes } from "../../bytes.js";

/**
 * A comment or `description`, as Proxmox VE decodes it.
 * Source: pve-common, `PVE::Tools::decode_text`.
 *
 * @param text latin1
 */
export function decodeText(text: string): string {
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return fromBytes(bytes);
}

/** A line of a description, as Proxmox VE writes it; ASCII. Source: pve-common, `PVE::Tools::encode_text`. */
export function encodeText(text: string): string {
  return toBytes(text).replace(/[^ -$&-9;-~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
