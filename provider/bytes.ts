/** Files are kept as latin1, a character for each byte, so that every byte comes back; people write and read Unicode. */

/** Text as the bytes of its UTF-8. */
export const toBytes = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** Bytes as people read them; what is no UTF-8 becomes U+FFFD. */
export const fromBytes = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");
