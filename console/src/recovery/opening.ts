/** What the recovery page does with papers and a package, without a network. */

import type { Package, Recovered, SealedFor } from "../api/types";
import { sealFor, seedOf } from "../console/case/granting";
import {
  base64,
  fromBase64,
  isOfKey,
  joinShares,
  keyPair,
  readShare,
  type Share,
  ShareError,
  wipe,
} from "../crypto";

export class PackageError extends Error {}

export function readPackage(text: string): Package {
  let read: Partial<Package>;
  try {
    read = JSON.parse(text) as Partial<Package>;
  } catch {
    throw new PackageError("no package");
  }
  const whole = read.format === 1 && typeof read.to === "string" && typeof read.kem === "string";
  if (!whole || !Array.isArray(read.cases) || read.cases.length === 0) throw new PackageError("no package");
  return read as Package;
}

export interface Outcome {
  readonly recovered: Recovered;
  readonly opened: number;
  /** Compartments that these papers do not open: of another year, or damaged. */
  readonly closed: number;
}

/** Join the papers, open every grant of the package, seal what they held to the one member named. */
export async function recover(typed: readonly string[], bundle: Package): Promise<Outcome> {
  const shares: Share[] = [];
  for (const one of typed) if (one.trim() !== "") shares.push(await readShare(one));
  const seed = await joinShares(shares);
  const pair = await keyPair(seed);
  wipe(seed);
  const first = shares[0];
  if (!first || !(await isOfKey(first, pair.public))) throw new ShareError("mistyped");
  const to = { id: bundle.to, kem: base64(fromBase64(bundle.kem)) };
  let opened = 0;
  let closed = 0;
  const cases: { id: string; grants: SealedFor[] }[] = [];
  for (const one of bundle.cases) {
    const grants: SealedFor[] = [];
    for (const grant of one.grants) {
      const inner = await seedOf(one.id, grant, "recovery", { kem: pair });
      if (inner === null) {
        closed += 1;
        continue;
      }
      grants.push(await sealFor(one.id, grant, inner, to));
      wipe(inner);
      opened += 1;
    }
    if (grants.length > 0) cases.push({ id: one.id, grants });
  }
  pair.forget();
  return { recovered: { format: 1, cases }, opened, closed };
}
