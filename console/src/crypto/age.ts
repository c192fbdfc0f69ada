/** Files of a case: age v1 for `mlkem768x25519`, whose identity is the compartment's own seed. */

import { type Bytes, hex, sha256 } from "./bytes";
import { SealError } from "./errors";

const PREFIX = "age-secret-key-pq-";

/** Open a whole file; throws `SealError` when it is not sealed to this seed, or damaged. */
export async function openAge(sealed: Bytes, seed: Bytes): Promise<Bytes> {
  const [{ Decrypter }, { bech32 }] = await Promise.all([import("age-encryption"), import("@scure/base")]);
  const identity = bech32.encode(PREFIX, bech32.toWords(seed), false).toUpperCase();
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return new Uint8Array(await decrypter.decrypt(sealed));
  } catch {
    throw new SealError("cannot_open");
  }
}

/** Whether these bytes are exactly those that arrived (SHA-256 in hex). */
export async function isWhole(bytes: Bytes, hash: string): Promise<boolean> {
  return hex(await sha256(bytes)) === hash;
}
