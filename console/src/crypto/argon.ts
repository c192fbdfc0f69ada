/** From a passphrase to the two secrets that it yields: one wraps the key, one logs in. */

import { type Bytes, random, utf8, wipe } from "./bytes";
import { SealError } from "./errors";
import { hkdf } from "./hkdf";

export interface Argon {
  readonly salt: Bytes;
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

const LEAST = { memoryKib: 64 * 1024, passes: 3, lanes: 1, salt: 16 };
const MOST = { memoryKib: 1024 * 1024, passes: 16, lanes: 4, salt: 64 };

export function freshArgon(): Argon {
  return { salt: random(LEAST.salt), memoryKib: LEAST.memoryKib, passes: LEAST.passes, lanes: LEAST.lanes };
}

/** A server that asks for less than we made wants a cheaper guess: refused. */
export function checkArgon(argon: Argon): void {
  const within = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  const sound =
    within(argon.memoryKib, LEAST.memoryKib, MOST.memoryKib) &&
    within(argon.passes, LEAST.passes, MOST.passes) &&
    within(argon.lanes, LEAST.lanes, MOST.lanes) &&
    within(argon.salt.length, LEAST.salt, MOST.salt);
  if (!sound) throw new SealError("weak_parameters");
}

/** NFKD, lower case, single spaces. */
export function normalisePassphrase(passphrase: string): string {
  return passphrase.normalize("NFKD").toLowerCase().trim().split(/\s+/u).join(" ");
}

export interface Secrets {
  /** AES-256-GCM key of the wrapped seed. */
  readonly wrap: Bytes;
  /** What the server compares. */
  readonly login: Bytes;
}

export async function stretch(passphrase: string, argon: Argon): Promise<Secrets> {
  checkArgon(argon);
  const { argon2id } = await import("hash-wasm");
  const stretched = await argon2id({
    password: utf8(normalisePassphrase(passphrase)),
    salt: argon.salt,
    memorySize: argon.memoryKib,
    iterations: argon.passes,
    parallelism: argon.lanes,
    hashLength: 32,
    outputType: "binary",
  });
  const master = new Uint8Array(stretched);
  const secrets = { wrap: await hkdf(master, "relais wrap"), login: await hkdf(master, "relais login") };
  wipe(stretched, master);
  return secrets;
}
