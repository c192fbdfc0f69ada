/** Size buckets; the twin of `pad` and `unpad` in `sealing/text.py`. */

import { type Bytes, concat, uint32 } from "./bytes";
import { SealError } from "./errors";

const LENGTH = 4;
const SMALLEST = 64;
const LARGEST_POWER = 4096;

/** Bucket of a plaintext: 64, 128 … 4,096, then steps of one eighth. */
export function paddedSize(length: number): number {
  const need = length + LENGTH;
  let size = SMALLEST;
  while (size < need && size < LARGEST_POWER) size *= 2;
  if (size >= need) return size;
  const bits = 32 - Math.clz32(need);
  const step = 2 ** Math.max(bits - 4, 0);
  return Math.ceil(need / step) * step;
}

/** The plaintext behind its length, filled with zeros to its bucket. */
export function pad(plaintext: Uint8Array): Bytes {
  const padded = new Uint8Array(paddedSize(plaintext.length));
  padded.set(concat(uint32(plaintext.length), plaintext));
  return padded;
}

/** The inverse of `pad`; anything else is refused. */
export function unpad(padded: Uint8Array): Bytes {
  if (padded.length < LENGTH) throw new SealError("bad_padding");
  const view = new DataView(padded.buffer, padded.byteOffset, padded.byteLength);
  const end = LENGTH + view.getUint32(0);
  if (end > padded.length || padded.subarray(end).some((byte) => byte !== 0)) {
    throw new SealError("bad_padding");
  }
  return new Uint8Array(padded.subarray(LENGTH, end));
}
