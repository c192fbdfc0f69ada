/** The yearly recovery key, split so that any `needed` of `total` papers give it back. */

import { combine, split } from "shamir-secret-sharing";
import { type Bytes, concat, equal, sha256 } from "./bytes";

const VERSION = 1;
const TAG = 4;
const CHECK = 4;
const PART = 33;
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford: nothing looks alike

export type ShareCode = "unreadable" | "mistyped" | "other_key" | "twice" | "too_few" | "newer";

export class ShareError extends Error {
  readonly code: ShareCode;

  constructor(code: ShareCode) {
    super(code);
    this.name = "ShareError";
    this.code = code;
  }
}

/** What one paper says. `tag`: the first bytes of the public half's hash, so that years do not mix. */
export interface Share {
  readonly needed: number;
  readonly tag: Bytes;
  readonly part: Bytes;
}

async function tagOf(publicHalf: Bytes): Promise<Bytes> {
  return (await sha256(publicHalf)).slice(0, TAG);
}

/** version | needed | tag (4) | part (33) | check (4), in Crockford's base 32 by fours. */
async function written(share: Share): Promise<string> {
  const body = concat(Uint8Array.of(VERSION, share.needed), share.tag, share.part);
  const check = (await sha256(body)).slice(0, CHECK);
  return (base32(concat(body, check)).match(/.{1,4}/gu) ?? []).join(" ");
}

/** The papers of this seed. Raises no error for 2 ≤ needed ≤ total ≤ 10. */
export async function makeShares(
  seed: Bytes,
  publicHalf: Bytes,
  total: number,
  needed: number,
): Promise<string[]> {
  const tag = await tagOf(publicHalf);
  const parts = await split(seed, total, needed);
  return Promise.all(parts.map((part) => written({ needed, tag, part: new Uint8Array(part) })));
}

/** One paper as typed: case, spaces and look-alikes are forgiven, a slip is found. */
export async function readShare(typed: string): Promise<Share> {
  const letters = cleaned(typed);
  const raw = fromBase32(letters);
  if (raw.length < 2 + TAG + 2 + CHECK) throw new ShareError("unreadable");
  const body = raw.slice(0, -CHECK);
  const right = equal((await sha256(body)).slice(0, CHECK), raw.slice(-CHECK));
  // Letters beyond the last whole byte say nothing, and are a slip all the same.
  if (!right || base32(raw) !== letters) throw new ShareError("mistyped");
  if (raw[0] !== VERSION) throw new ShareError("newer");
  const [needed, part] = [body[1] ?? 0, body.slice(2 + TAG)];
  if (needed < 2 || part.length !== PART) throw new ShareError("unreadable");
  return { needed, tag: body.slice(2, 2 + TAG), part };
}

/** The seed, when enough papers of one key are there. The caller checks it against the roster. */
export async function joinShares(shares: readonly Share[]): Promise<Bytes> {
  const first = shares[0];
  if (!first || shares.length < first.needed) throw new ShareError("too_few");
  if (shares.some((one) => !equal(one.tag, first.tag))) throw new ShareError("other_key");
  const places = new Set(shares.map((one) => one.part[one.part.length - 1]));
  if (places.size !== shares.length) throw new ShareError("twice");
  return new Uint8Array(await combine(shares.map((one) => one.part)));
}

export async function isOfKey(share: Share, publicHalf: Bytes): Promise<boolean> {
  return equal(share.tag, await tagOf(publicHalf));
}

function base32(bytes: Bytes): string {
  let bits = 0;
  let value = 0;
  let out = "";
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      out += ALPHABET[(value >> (bits - 5)) & 31] ?? "";
      bits -= 5;
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? out + (ALPHABET[(value << (5 - bits)) & 31] ?? "") : out;
}

function cleaned(typed: string): string {
  return typed.toUpperCase().replace(/[\s-]/gu, "").replace(/O/gu, "0").replace(/[IL]/gu, "1");
}

function fromBase32(clean: string): Bytes {
  const out: number[] = [];
  let bits = 0;
  let value = 0;
  for (const char of clean) {
    const five = ALPHABET.indexOf(char);
    if (five < 0) throw new ShareError("unreadable");
    value = (value << 5) | five;
    bits += 5;
    if (bits >= 8) {
      out.push((value >> (bits - 8)) & 255);
      bits -= 8;
    }
    value &= (1 << bits) - 1;
  }
  return Uint8Array.from(out);
}
