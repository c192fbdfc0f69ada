/** The signed list of members and their keys; nothing is believed that its root did not sign. */

import { type Bytes, equal, fromBase64, hex, sha256, text } from "./bytes";
import { verify } from "./signing";

export interface Signed {
  readonly version: number;
  readonly document: string;
  readonly signature: string;
}

export interface RosterMember {
  readonly id: string;
  readonly name: string;
  readonly organisation: string;
  readonly roles: readonly string[];
  readonly kem: string;
  readonly sign: string;
}

export interface Roster {
  readonly version: number;
  readonly issued_at: string | number;
  readonly valid_until: string | number;
  readonly signer: string;
  readonly demo: boolean;
  readonly members: readonly RosterMember[];
}

/** What this browser remembers of a member's roster. */
export interface Pin {
  /** base64url of the root's Ed25519 public half. */
  readonly root: string;
  readonly version: number;
  /** SHA-256 of the document seen last, hex; "" when none was. */
  readonly hash: string;
}

export type RosterCode =
  | "bad_root"
  | "bad_signature"
  | "other_signer"
  | "older"
  | "forked"
  | "expired"
  | "malformed"
  | "other_key";

export class RosterError extends Error {
  readonly code: RosterCode;

  constructor(code: RosterCode) {
    super(code);
    this.name = "RosterError";
    this.code = code;
  }
}

export function rootKey(root: string): Bytes {
  let key: Bytes;
  try {
    key = fromBase64(root);
  } catch {
    throw new RosterError("bad_root");
  }
  if (key.length !== 32) throw new RosterError("bad_root");
  return key;
}

function parse(document: Bytes): Roster {
  try {
    const roster = JSON.parse(text(document)) as Roster;
    if (!Array.isArray(roster.members) || !Number.isInteger(roster.version)) throw new Error();
    return roster;
  } catch {
    throw new RosterError("malformed");
  }
}

function checkAge(roster: Roster, hash: string, pin: Pin, now: number): void {
  if (roster.version < pin.version) throw new RosterError("older");
  if (roster.version === pin.version && pin.hash !== "" && pin.hash !== hash) {
    throw new RosterError("forked");
  }
  const end = new Date(roster.valid_until).getTime();
  if (!(end > now)) throw new RosterError("expired");
}

/** The roster, if its root signed it, it is no older than the last one seen, and still valid. */
export async function checkRoster(
  signed: Signed,
  pin: Pin,
  now: number,
): Promise<{ roster: Roster; pin: Pin }> {
  const root = rootKey(pin.root);
  let document: Bytes;
  let signature: Bytes;
  try {
    document = fromBase64(signed.document);
    signature = fromBase64(signed.signature);
  } catch {
    throw new RosterError("malformed");
  }
  if (!(await verify(root, "roster", document, signature))) throw new RosterError("bad_signature");
  const roster = parse(document);
  if (!equal(rootKey(roster.signer), root)) throw new RosterError("other_signer");
  const hash = hex(await sha256(document));
  checkAge(roster, hash, pin, now);
  return { roster, pin: { root: pin.root, version: roster.version, hash } };
}

/** Whether the roster holds this member with exactly this key; another key under the name throws. */
export function admitted(roster: Roster, memberId: string, kemPublic: Bytes): boolean {
  const member = roster.members.find((one) => one.id === memberId);
  if (!member) return false;
  if (!equal(fromBase64(member.kem), kemPublic)) throw new RosterError("other_key");
  return true;
}
