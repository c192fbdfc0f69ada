/**
 * X-Wing key pairs (HPKE KEM 0x647a: ML-KEM-768 with X25519) from a 32-byte seed; the twin of
 * `sealing/xwing.py`. Native WebCrypto where it has ML-KEM, `@panva/hpke-noble` elsewhere.
 */

import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_MLKEM768_X25519, type Key } from "hpke";
import { type Bytes, equal, random, wipe } from "./bytes";
import { SealError } from "./errors";

export const SEED_BYTES = 32;
export const PUBLIC_BYTES = 1216;
export const ENCAPSULATION_BYTES = 1120;

type PrivateKey = Parameters<CipherSuite["Open"]>[0];

export interface KeyPair {
  readonly private: PrivateKey;
  /** 1,216 bytes, the ML-KEM part first. */
  readonly public: Bytes;
  /** Wipe what this page holds of the private half; the pair opens nothing any more. */
  forget(): void;
}

/** Whether this runtime can do the whole of X-Wing by itself: seal and open once. */
async function works(suite: CipherSuite): Promise<boolean> {
  try {
    const pair = await suite.GenerateKeyPair();
    const { encapsulatedSecret, ciphertext } = await suite.Seal(pair.publicKey, new Uint8Array(1));
    await suite.Open(pair.privateKey, encapsulatedSecret, ciphertext);
    await suite.DeserializePrivateKey(random(SEED_BYTES), false);
    return true;
  } catch {
    return false;
  }
}

export function nativeSuite(): CipherSuite {
  return new CipherSuite(KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
}

export async function nobleSuite(): Promise<CipherSuite> {
  const noble = await import("@panva/hpke-noble");
  return new CipherSuite(noble.KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
}

async function choose(): Promise<CipherSuite> {
  const native = nativeSuite();
  return (await works(native)) ? native : nobleSuite();
}

let chosen: Promise<CipherSuite> | undefined;

/** The suite of this browser; tried once. */
export function suite(): Promise<CipherSuite> {
  chosen ??= choose();
  return chosen;
}

/** The public half of a seed, worked out beside the HPKE library and not by it. */
export async function publicFromSeed(seed: Bytes): Promise<Bytes> {
  if (seed.length !== SEED_BYTES) throw new SealError("bad_key");
  const { XWing } = await import("@noble/post-quantum/hybrid.js");
  return new Uint8Array(XWing.keygen(seed).publicKey);
}

export async function keyPair(seed: Bytes): Promise<KeyPair> {
  const publicHalf = await publicFromSeed(seed);
  const hpke = await suite();
  const own = seed.slice(); // noble's key keeps these bytes, and callers wipe theirs
  return {
    private: await hpke.DeserializePrivateKey(own, false),
    public: publicHalf,
    forget: () => wipe(own),
  };
}

/** The library's key of these bytes; bytes that are no key are refused. */
export async function publicKey(raw: Bytes): Promise<Key> {
  if (raw.length !== PUBLIC_BYTES) throw new SealError("bad_key");
  try {
    return await (await suite()).DeserializePublicKey(raw);
  } catch {
    throw new SealError("bad_key");
  }
}

const MLKEM_PUBLIC = 1184;
const MLKEM_PRIME = 3329;

/** Each 12 bits of the ML-KEM part is a number below the prime; its last 32 bytes are a seed. */
function isMlKem(raw: Uint8Array): boolean {
  for (let at = 0; at < MLKEM_PUBLIC - 32; at += 3) {
    const [a = 0, b = 0, c = 0] = raw.subarray(at, at + 3);
    if ((a | ((b & 15) << 8)) >= MLKEM_PRIME || ((b >> 4) | (c << 4)) >= MLKEM_PRIME) return false;
  }
  return true;
}

/** Whether something can be sealed to this key; the twin of `PublicKey.hold` in Python. */
export async function canSealTo(raw: Bytes): Promise<boolean> {
  if (raw.length !== PUBLIC_BYTES || !isMlKem(raw)) return false;
  const { x25519 } = await import("@noble/curves/ed25519.js");
  try {
    x25519.getSharedSecret(new Uint8Array(32).fill(1), raw.subarray(MLKEM_PUBLIC));
    return true;
  } catch {
    return false; // a point of small order
  }
}

/** Whether `pair` is the pair that the server says it is. */
export function isPairOf(pair: KeyPair, claimed: Uint8Array): boolean {
  return equal(pair.public, claimed);
}
