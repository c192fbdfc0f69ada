/** Ed25519 over length-prefixed purposes; the twin of `sealing/signing.py`. */

import { type Bytes, concat, fromBase64 } from "./bytes";
import { bind } from "./context";
import { SealError } from "./errors";

const PKCS8 = Uint8Array.of(
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
);
const ED25519 = { name: "Ed25519" };

export interface Signer {
  readonly public: Bytes;
  sign(purpose: string, message: Uint8Array): Promise<Bytes>;
  /** Let go of the private half: nothing is signed after that. */
  forget(): void;
}

function signed(purpose: string, message: Uint8Array): Bytes {
  return concat(bind("relais", purpose), message);
}

async function nativeSigner(seed: Bytes): Promise<Signer> {
  const pkcs8 = concat(PKCS8, seed);
  const shown = await crypto.subtle.importKey("pkcs8", pkcs8, ED25519, true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", shown);
  // What is kept gives its private half to nobody, this page included.
  let key: CryptoKey | null = await crypto.subtle.importKey("pkcs8", pkcs8, ED25519, false, ["sign"]);
  pkcs8.fill(0);
  return {
    public: fromBase64(x ?? ""),
    sign: async (purpose, message) => {
      if (key === null) throw new SealError("forgotten");
      return new Uint8Array(await crypto.subtle.sign(ED25519, key, signed(purpose, message)));
    },
    forget: () => {
      key = null;
    },
  };
}

async function nobleSigner(seed: Bytes): Promise<Signer> {
  const { ed25519 } = await import("@noble/curves/ed25519.js");
  let kept: Bytes | null = seed.slice();
  return {
    public: new Uint8Array(ed25519.getPublicKey(seed)),
    sign: (purpose, message) =>
      kept === null
        ? Promise.reject(new SealError("forgotten"))
        : Promise.resolve(new Uint8Array(ed25519.sign(signed(purpose, message), kept))),
    forget: () => {
      kept?.fill(0);
      kept = null;
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && error.name === "NotSupportedError";
}

/** The signing key of a 32-byte seed. */
export async function signer(seed: Bytes): Promise<Signer> {
  try {
    return await nativeSigner(seed);
  } catch (error) {
    if (!isMissing(error)) throw error;
    return nobleSigner(seed);
  }
}

/** Whether `signature` is `publicHalf`'s over this purpose and message. */
export async function verify(
  publicHalf: Bytes,
  purpose: string,
  message: Uint8Array,
  signature: Bytes,
): Promise<boolean> {
  const over = signed(purpose, message);
  try {
    const key = await crypto.subtle.importKey("raw", publicHalf, ED25519, false, ["verify"]);
    return await crypto.subtle.verify(ED25519, key, signature, over);
  } catch (error) {
    if (!isMissing(error)) return false;
  }
  const { ed25519 } = await import("@noble/curves/ed25519.js");
  try {
    return ed25519.verify(signature, over, publicHalf, { zip215: false });
  } catch {
    return false;
  }
}
