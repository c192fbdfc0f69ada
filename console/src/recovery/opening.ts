/** What the recovery page does with papers and a package, without a network. */

import type { Package, Recovered, SealedFor } from "../api/types";
import { sealFor, seedOf } from "../console/case/granting";
import {
  base64url,
  checkRoster,
  fingerprint,
  fromBase64,
  hex,
  isOfKey,
  joinShares,
  keyPair,
  keyWords,
  readShare,
  RosterError,
  type RosterMember,
  sha256,
  type Share,
  ShareError,
  wipe,
} from "../crypto";

/** What is wrong with a package: no package, of an earlier version, or not what a root leads to. */
export class PackageError extends Error {
  readonly code: "none" | "older" | "unsigned" | "expired";

  constructor(code: "none" | "older" | "unsigned" | "expired") {
    super(code);
    this.code = code;
  }
}

export function readPackage(text: string): Package {
  let read: Partial<Package>;
  try {
    read = JSON.parse(text) as Partial<Package>;
  } catch {
    throw new PackageError("none");
  }
  if (read.format === 1) throw new PackageError("older");
  const texts = [read.to, read.root, read.document, read.signature];
  const whole = read.format === 2 && texts.every((one) => typeof one === "string");
  if (!whole || !Array.isArray(read.cases) || read.cases.length === 0) throw new PackageError("none");
  return read as Package;
}

/** Whom a package is for, to be compared with what the keepers know. */
export interface Addressee {
  readonly member: RosterMember;
  /** Six words of the member's own keys; their console shows the same. */
  readonly words: string;
  /** Of the key that the list of members begins with; it stands on the papers. */
  readonly root: string;
  /** Which list that is, and when it was signed. */
  readonly list: { readonly version: number; readonly signed: string };
}

/**
 * The member whom the signed list in the package names. The list leads to its root; whether that
 * root is the organisation's own a person has to see, for the package came by the server.
 */
export async function addresseeOf(bundle: Package, now: number): Promise<Addressee> {
  try {
    const root = fromBase64(bundle.root);
    const pin = { root: base64url(root), version: 0, hash: "" };
    const { roster } = await checkRoster({ version: 0, ...bundle }, pin, now);
    const member = roster.members.find((one) => one.id === bundle.to);
    if (!member) throw new PackageError("unsigned");
    return {
      member,
      words: await keyWords(fromBase64(member.kem), fromBase64(member.sign)),
      root: fingerprint(hex(await sha256(root))),
      list: { version: roster.version, signed: roster.issued_at },
    };
  } catch (error) {
    const expired = error instanceof RosterError && error.code === "expired";
    throw new PackageError(expired ? "expired" : "unsigned");
  }
}

export interface Outcome {
  readonly recovered: Recovered;
  readonly opened: number;
  /** Compartments that these papers do not open: of another year, or damaged. */
  readonly closed: number;
}

/** Join the papers, open every grant of the package, seal what they held to the one member named. */
export async function recover(
  typed: readonly string[],
  bundle: Package,
  now: number,
): Promise<Outcome> {
  const shares: Share[] = [];
  for (const one of typed) if (one.trim() !== "") shares.push(await readShare(one));
  const seed = await joinShares(shares);
  const pair = await keyPair(seed);
  wipe(seed);
  const first = shares[0];
  if (!first || !(await isOfKey(first, pair.public))) throw new ShareError("mistyped");
  const { member } = await addresseeOf(bundle, now);
  const to = { id: member.id, kem: member.kem };
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
