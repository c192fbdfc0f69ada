/** Giving a key of a case to another member: opened here, sealed here, never seen by the server. */

import type { Grant, SealedFor } from "../../api/types";
import {
  base64,
  type Bytes,
  fromBase64,
  isPairOf,
  keyPair,
  openText,
  type PersonKeys,
  type RosterMember,
  sealText,
  wipe,
} from "../../crypto";

const grantContext = (caseId: string, one: { compartment: string; generation: number }, holder: string) => ({
  case: caseId,
  compartment: one.compartment,
  generation: one.generation,
  item: holder,
  kind: "grant",
});

/** A compartment's seed, if this grant opens and yields exactly the public half shown. */
export async function seedOf(
  caseId: string,
  grant: { compartment: string; generation: number; public: string; sealed: string },
  holder: string,
  keys: Pick<PersonKeys, "kem">,
): Promise<Bytes | null> {
  try {
    const seed = await openText(fromBase64(grant.sealed), keys.kem, grantContext(caseId, grant, holder));
    const pair = await keyPair(seed);
    const right = isPairOf(pair, fromBase64(grant.public));
    pair.forget();
    return right ? seed : null;
  } catch {
    return null;
  }
}

/** The same seed, for another member; `to` is her key as the checked roster has it. */
export async function sealFor(
  caseId: string,
  grant: { compartment: string; generation: number },
  seed: Bytes,
  to: Pick<RosterMember, "id" | "kem">,
): Promise<SealedFor> {
  const sealed = await sealText(seed, fromBase64(to.kem), grantContext(caseId, grant, to.id));
  return { compartment: grant.compartment, generation: grant.generation, holder: to.id, sealed: base64(sealed) };
}

/** Every key that `me` holds of these compartments, sealed to `to`. */
export async function grantsFor(
  caseId: string,
  grants: readonly Grant[],
  names: readonly string[],
  me: string,
  keys: PersonKeys,
  to: RosterMember,
): Promise<SealedFor[]> {
  const made: SealedFor[] = [];
  for (const grant of grants) {
    if (!names.includes(grant.compartment)) continue;
    const seed = await seedOf(caseId, grant, me, keys);
    if (seed === null) continue;
    made.push(await sealFor(caseId, grant, seed, to));
    wipe(seed);
  }
  return made;
}

/** As {@link grantsFor}; null if one of these compartments has no key that opens here. */
export async function sealedParts(
  caseId: string,
  grants: readonly Grant[],
  names: readonly string[],
  me: string,
  keys: PersonKeys,
  to: RosterMember,
): Promise<readonly SealedFor[] | null> {
  const made = await grantsFor(caseId, grants, names, me, keys, to);
  return names.every((name) => made.some((one) => one.compartment === name)) ? made : null;
}
