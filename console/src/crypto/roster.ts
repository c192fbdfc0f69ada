/** The signed list of members and their keys; nothing is believed to which its root does not lead. */

import { base64, type Bytes, concat, equal, fromBase64, hex, sha256, text, utf8 } from "./bytes";
import { type Signer, verify } from "./signing";

const SIGNER_PURPOSE = "roster-signer";
const MOST_SIGNERS = 64;
const VALID_DAYS = 90;
const DAY_MS = 86_400_000;

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

/** A key that may sign rosters, because `by` (the root, or an earlier one) says so. */
export interface Vouched {
  readonly key: string;
  readonly name: string;
  readonly by: string;
  readonly signature: string;
}

export interface Roster {
  readonly version: number;
  readonly previous: string;
  readonly issued_at: string;
  readonly valid_until: string;
  readonly signer: string;
  readonly demo: boolean;
  readonly members: readonly RosterMember[];
  readonly recovery: string | null;
  readonly signers?: readonly Vouched[];
  readonly revoked?: readonly string[];
  readonly recovery_from?: string;
}

/** What this browser remembers of a member's roster. */
export interface Pin {
  /** base64url of the root's Ed25519 public half. */
  readonly root: string;
  readonly version: number;
  /** SHA-256 of the document seen last, hex; "" when none was. */
  readonly hash: string;
  /** Keys that could sign then, and those that never may again (base64). */
  readonly signers?: readonly string[];
  readonly revoked?: readonly string[];
}

export type RosterCode =
  | "bad_root"
  | "bad_signature"
  | "other_signer"
  | "revoked"
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

function vouchedBytes(root: Bytes, key: Bytes, name: string): Bytes {
  return concat(root, key, utf8(name));
}

/** Let `key` sign rosters under this root from now on. */
export async function vouch(key: Bytes, name: string, root: Bytes, by: Signer): Promise<Vouched> {
  const signature = await by.sign(SIGNER_PURPOSE, vouchedBytes(root, key, name));
  return { key: base64(key), name, by: base64(by.public), signature: base64(signature) };
}

/** The root, and every key to which a chain of signatures leads from it (base64). */
export async function authorised(signers: readonly Vouched[], root: Bytes): Promise<Set<string>> {
  const found = new Set([base64(root)]);
  for (const one of signers.slice(0, MOST_SIGNERS)) {
    if (!found.has(one.by)) continue;
    const what = vouchedBytes(root, fromBase64(one.key), one.name);
    const right = await verify(fromBase64(one.by), SIGNER_PURPOSE, what, fromBase64(one.signature));
    if (right) found.add(one.key);
  }
  return found;
}

/** What a roster owes to the one this browser saw last: see `hold_succession` in Python. */
function checkSuccession(roster: Roster, pin: Pin): void {
  const gone = new Set(pin.revoked ?? []);
  const known = new Set(pin.signers ?? []);
  const revoked = new Set(roster.revoked ?? []);
  const fresh = (roster.signers ?? []).filter((one) => !known.has(one.key));
  const lost = [...gone].some((one) => !revoked.has(one));
  if (lost || gone.has(roster.signer) || fresh.some((one) => gone.has(one.by))) {
    throw new RosterError("revoked");
  }
}

function checkAge(roster: Roster, hash: string, pin: Pin, now: number): void {
  if (roster.version < pin.version) throw new RosterError("older");
  if (roster.version === pin.version && pin.hash !== "" && pin.hash !== hash) {
    throw new RosterError("forked");
  }
  const end = Date.parse(roster.valid_until);
  if (!(end > now)) throw new RosterError("expired");
}

/**
 * The roster, if its root leads to who signed it, it is no older than the last one seen, and still
 * valid at `now` (0: whenever).
 */
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
  const roster = parse(document);
  const signers = await leading(roster, root);
  if (!signers.has(base64(rootKey(roster.signer)))) throw new RosterError("other_signer");
  if (!(await verify(rootKey(roster.signer), "roster", document, signature))) {
    throw new RosterError("bad_signature");
  }
  if ((roster.revoked ?? []).includes(roster.signer)) throw new RosterError("revoked");
  const hash = hex(await sha256(document));
  checkAge(roster, hash, pin, now);
  checkSuccession(roster, pin);
  const seen = { signers: [...signers], revoked: roster.revoked ?? [] };
  return { roster, pin: { root: pin.root, version: roster.version, hash, ...seen } };
}

async function leading(roster: Roster, root: Bytes): Promise<Set<string>> {
  try {
    return await authorised(roster.signers ?? [], root);
  } catch {
    throw new RosterError("malformed");
  }
}

// -- signing the next one --------------------------------------------------------------------

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** The one way to write a document down; the twin of `canonical` in Python. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const fields = value as { readonly [key: string]: Json };
  const keys = Object.keys(fields).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(fields[key] ?? null)}`).join(",")}}`;
}

export interface Succession {
  /** The roster before, with its hash; null: this is the first. */
  readonly before: { readonly roster: Roster; readonly hash: string } | null;
  readonly members: readonly RosterMember[];
  /** base64 of the recovery key's public half, and when it was made. */
  readonly recovery: string;
  readonly recoveryFrom: string;
  readonly root: Bytes;
  readonly by: Signer;
  readonly now: number;
}

const seconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/u, "Z");

/** The next roster, signed: coordinators may sign the one after, those who are none may not. */
export async function signNext(next: Succession): Promise<Signed> {
  const { before, by, root } = next;
  const coordinators = next.members.filter((one) => one.roles.includes("coordinator"));
  const keys = new Set(coordinators.map((one) => one.sign));
  const signers = [...(before?.roster.signers ?? [])];
  const known = new Set([base64(root), ...signers.map((one) => one.key)]);
  const gone = [...known].filter((key) => !keys.has(key) && key !== base64(by.public));
  const revoked = [...new Set([...(before?.roster.revoked ?? []), ...gone])].sort();
  for (const one of coordinators) {
    if (known.has(one.sign)) continue;
    signers.push(await vouch(fromBase64(one.sign), one.name, root, by));
  }
  const document = canonical({
    version: (before?.roster.version ?? 0) + 1,
    previous: before?.hash ?? "",
    issued_at: seconds(next.now),
    valid_until: seconds(next.now + VALID_DAYS * DAY_MS),
    signer: base64(by.public),
    demo: false,
    members: [...next.members]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, name, organisation, roles, kem, sign }) => ({ id, name, organisation, roles, kem, sign })),
    recovery: next.recovery,
    recovery_from: next.recoveryFrom,
    ...(signers.length > 0 ? { signers: signers.map((one) => ({ ...one })) } : {}),
    ...(revoked.length > 0 ? { revoked } : {}),
  });
  const bytes = utf8(document);
  const signature = await by.sign("roster", bytes);
  return {
    version: (before?.roster.version ?? 0) + 1,
    document: base64(bytes),
    signature: base64(signature),
  };
}

/** The key that a document claims as its root; a person has to compare it. */
export function claimedRootOf(roster: Roster): string {
  const keys = new Set((roster.signers ?? []).map((one) => one.key));
  return (roster.signers ?? []).find((one) => !keys.has(one.by))?.by ?? roster.signer;
}

/** Whether the roster holds this member with exactly this key; another key under the name throws. */
export function admitted(roster: Roster, memberId: string, kemPublic: Bytes): boolean {
  const member = roster.members.find((one) => one.id === memberId);
  if (!member) return false;
  if (!equal(fromBase64(member.kem), kemPublic)) throw new RosterError("other_key");
  return true;
}
