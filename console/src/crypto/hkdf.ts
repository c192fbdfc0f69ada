/** HKDF-SHA256 with an empty salt. */

import { type Bytes, utf8 } from "./bytes";

export async function hkdf(secret: Bytes, label: string, length = 32): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: utf8(label) },
    key,
    length * 8,
  );
  return new Uint8Array(bits);
}
