/** Text sealed to a key: magic, version, HPKE single-shot, padded; the twin of `sealing/text.py`. */

import { type Bytes, concat } from "./bytes";
import { type Context, info } from "./context";
import { SealError } from "./errors";
import { pad, unpad } from "./padding";
import { ENCAPSULATION_BYTES, type KeyPair, publicKey, suite } from "./xwing";

const MAGIC = Uint8Array.of(0x52, 0x4c, 0x53, 0x01); // "RLS", version 1

/** Seal `plaintext` so that only the holder of `to`'s seed can read it, only in `context`. */
export async function sealText(plaintext: Bytes, to: Bytes, context: Context): Promise<Bytes> {
  const hpke = await suite();
  const { encapsulatedSecret, ciphertext } = await hpke.Seal(
    await publicKey(to),
    pad(plaintext),
    { info: info(context) },
  );
  return concat(MAGIC, encapsulatedSecret, ciphertext);
}

/** Open what `sealText` made; throws `SealError`, never returns a wrong text. */
export async function openText(sealed: Bytes, keys: KeyPair, context: Context): Promise<Bytes> {
  if (MAGIC.subarray(0, 3).some((byte, at) => sealed[at] !== byte)) throw new SealError("not_sealed");
  if (sealed[3] !== MAGIC[3]) throw new SealError("wrong_version");
  const body = sealed.subarray(MAGIC.length);
  const hpke = await suite();
  let padded: Uint8Array;
  try {
    padded = await hpke.Open(
      keys.private,
      body.slice(0, ENCAPSULATION_BYTES),
      body.slice(ENCAPSULATION_BYTES),
      { info: info(context) },
    );
  } catch {
    throw new SealError("cannot_open");
  }
  return unpad(padded);
}
