/** What a ciphertext is bound to; the twin of `sealing/context.py`. */

import { type Bytes, concat, uint32, utf8 } from "./bytes";

const FORMAT_VERSION = "1";

/** Fields joined unambiguously: each as 4 bytes of length (big endian) and its UTF-8 bytes. */
export function bind(...fields: string[]): Bytes {
  return concat(
    ...fields.flatMap((field) => {
      const raw = utf8(field);
      return [uint32(raw.length), raw];
    }),
  );
}

/** The place a sealed item belongs to. A change of any field makes it unopenable. */
export interface Context {
  readonly case: string;
  readonly compartment: string;
  readonly generation: number;
  readonly item: string;
  readonly kind: string;
}

/** HPKE `info`: "relais" | version | case | compartment | generation | item | kind. */
export function info(context: Context): Bytes {
  return bind(
    "relais",
    FORMAT_VERSION,
    context.case,
    context.compartment,
    String(context.generation),
    context.item,
    context.kind,
  );
}
