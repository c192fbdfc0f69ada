/** The signed list of members and their keys; nothing is believed to which its root does not lead. */

import { base64, type Bytes, concat, equal, fromBase64, hex, sha256, utf8 } from "./bytes";
import {
  canonical,
  claimed,
  MOST_SIGNERS,
  parse,
  readDocument,
  type Roster,
  RosterError,
  type RosterMember,
  seconds,
  type Vouched,
} from "./roster-document";
import { type Signer, verify } from "./signing";

const SIGNER_PURPOSE = "roster-signer";
const VALID_DAYS = 90;
const DAY_MS = 86_400_000;

export interface Signed {
  readonly version: number;
  readonly document: string;
  readonly signature: string;
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
    if (!found.has(one.by) || found.has(one.key)) continue;
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
  if (pin.hash !== "") {
    if (roster.version === pin.version && pin.hash !== hash) throw new RosterError("forked");
    const next = roster.version === pin.version + 1;
    if (next && roster.previous !== pin.hash) throw new RosterError("wrong_previous");
  }
  const issued = Date.parse(roster.issued_at);
  const end = Date.parse(roster.valid_until);
  if (end - issued > VALID_DAYS * DAY_MS) throw new RosterError("too_long_valid");
  if (!(end > now)) throw new RosterError("expired");
}

function transported(signed: Signed): { document: Bytes; signature: Bytes } {
  try {
    return { document: fromBase64(signed.document), signature: fromBase64(signed.signature) };
  } catch {
    throw new RosterError("malformed");
  }
}

/**
 * The roster, if its root leads to who signed it, it is no older than the last one seen, and still
 * valid at `now` (0: whenever). The twin of `read_roster` in Python.
 */
export async function checkRoster(
  signed: Signed,
  pin: Pin,
  now: number,
): Promise<{ roster: Roster; pin: Pin }> {
  const root = rootKey(pin.root);
  const { document, signature } = transported(signed);
  const parsed = parse(document);
  const { signer, signers } = claimed(parsed);
  const known = await authorised(signers, root);
  if (!known.has(signer)) throw new RosterError("other_signer");
  if (!(await verify(fromBase64(signer), "roster", document, signature))) {
    throw new RosterError("bad_signature");
  }
  const roster = await readDocument(document, parsed);
  const revoked = roster.revoked ?? [];
  if (revoked.includes(signer)) throw new RosterError("revoked");
  // Each link adds one key, or it is none.
  if (known.size !== 1 + signers.length) throw new RosterError("bad_chain");
  const hash = hex(await sha256(document));
  checkAge(roster, hash, pin, now);
  checkSuccession(roster, pin);
  const seen = { signers: [...known], revoked };
  return { roster, pin: { root: pin.root, version: roster.version, hash, ...seen } };
}

/**
 * The server shows no roster at all. That is right only for a browser that never saw one: it throws
 * for any other, for whoever hides a list wants another one signed, or nobody warned.
 */
export function believeNone(pin: Pin | null): void {
  if (pin !== null && pin.version > 0) throw new RosterError("missing");
}

/** What this browser begins with under a root: what it saw under the same one, or nothing. */
export function pinUnder(root: string, kept: Pin | null): Pin {
  if (kept !== null && equal(rootKey(kept.root), rootKey(root))) return kept;
  return { root, version: 0, hash: "" };
}

// -- signing the next one --------------------------------------------------------------------

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

/** The next roster, signed: coordinators may sign the one after, those who are none may not. */
export async function signNext(next: Succession): Promise<Signed> {
  const { before, by, root } = next;
  if (before === null && !equal(root, by.public)) throw new RosterError("not_root");
  const coordinators = next.members.filter((one) => one.roles.includes("coordinator"));
  const keys = new Set(coordinators.map((one) => one.sign));
  const signers = [...(before?.roster.signers ?? [])];
  const known = new Set([base64(root), ...signers.map((one) => one.key)]);
  const gone = [...known].filter((key) => !keys.has(key) && key !== base64(by.public));
  const revoked = [...new Set([...(before?.roster.revoked ?? []), ...gone])].sort();
  for (const one of coordinators) {
    if (known.has(one.sign)) continue;
    known.add(one.sign);
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

/** The key that a document claims as its root; nothing is verified, a person has to compare it. */
export function claimedRootOf(signed: Signed): Bytes {
  const { signer, signers } = claimed(parse(transported(signed).document));
  const keys = new Set(signers.map((one) => one.key));
  return fromBase64(signers.find((one) => !keys.has(one.by))?.by ?? signer);
}

/** Whether the roster holds this member with exactly this key; another key under the name throws. */
export function admitted(roster: Roster, memberId: string, kemPublic: Bytes): boolean {
  const member = roster.members.find((one) => one.id === memberId);
  if (!member) return false;
  if (!equal(fromBase64(member.kem), kemPublic)) throw new RosterError("other_key");
  return true;
}
