/** A member's own key: made here, wrapped here, opened here. */

import { type Bytes, concat, random } from "./bytes";
import { bind } from "./context";
import { SealError } from "./errors";
import { hkdf } from "./hkdf";
import { type Signer, signer } from "./signing";
import { type KeyPair, keyPair, SEED_BYTES } from "./xwing";

const NONCE = 12;

export interface PersonKeys {
  readonly kem: KeyPair;
  readonly sign: Signer;
}

export function freshSeed(): Bytes {
  return random(SEED_BYTES);
}

export async function personKeys(seed: Bytes): Promise<PersonKeys> {
  const signSeed = await hkdf(seed, "relais sign");
  return { kem: await keyPair(seed), sign: await signer(signSeed) };
}

function place(name: string): Bytes {
  return bind("relais", "person-key", name);
}

function key(wrap: Bytes, use: KeyUsage): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", wrap, "AES-GCM", false, [use]);
}

/** nonce (12 bytes) | AES-256-GCM of the seed, bound to the member's name. */
export async function wrapSeed(seed: Bytes, wrap: Bytes, name: string): Promise<Bytes> {
  const iv = random(NONCE);
  const algorithm = { name: "AES-GCM", iv, additionalData: place(name) };
  const sealed = await crypto.subtle.encrypt(algorithm, await key(wrap, "encrypt"), seed);
  return concat(iv, new Uint8Array(sealed));
}

export async function unwrapSeed(wrapped: Bytes, wrap: Bytes, name: string): Promise<Bytes> {
  const algorithm = {
    name: "AES-GCM",
    iv: wrapped.slice(0, NONCE),
    additionalData: place(name),
  };
  try {
    const opened = await crypto.subtle.decrypt(
      algorithm,
      await key(wrap, "decrypt"),
      wrapped.slice(NONCE),
    );
    return new Uint8Array(opened);
  } catch {
    throw new SealError("wrong_passphrase");
  }
}
