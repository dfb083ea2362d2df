import { utils } from "ssh2";

/** A new ed25519 key pair in OpenSSH's format. */
export function generateKey(): { private: string; public: string } {
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519");
    // one in 250 that ssh2 1.17 makes can't be read, by itself or by anybody: it drops a leading zero
    if (readable(pair.public) && readable(pair.private)) return pair;
  }
}

function readable(key: string): boolean {
  try {
    return !(utils.parseKey(key) instanceof Error);
  } catch {
    return false;
  }
}
