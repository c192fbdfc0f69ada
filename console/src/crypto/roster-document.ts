/** The signed list as it is written down: one spelling, no field that is not known here. */

import { base64, type Bytes, equal, fromBase64, text, utf8 } from "./bytes";
import { canSealTo, PUBLIC_BYTES } from "./xwing";

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

export type RosterCode =
  | "bad_root"
  | "bad_signature"
  | "bad_chain"
  | "other_signer"
  | "not_root"
  | "revoked"
  | "older"
  | "forked"
  | "wrong_previous"
  | "missing"
  | "not_compared"
  | "expired"
  | "too_long_valid"
  | "malformed"
  | "not_canonical"
  | "unknown_format"
  | "other_key";

export class RosterError extends Error {
  readonly code: RosterCode;

  constructor(code: RosterCode) {
    super(code);
    this.name = "RosterError";
    this.code = code;
  }
}

/** As many bytes as the server takes, and as many signers and revoked keys. */
const MOST_BYTES = 4 * 1024 * 1024;
export const MOST_SIGNERS = 64;
const KEY = 32;
const SIGNATURE = 64;
const FIELDS = ["version", "previous", "issued_at", "valid_until", "signer", "demo", "members", "recovery"];
const LATER_FIELDS = ["signers", "revoked", "recovery_from"];
const MEMBER = ["id", "name", "organisation", "roles", "kem", "sign"];
const SIGNER = ["key", "name", "by", "signature"];

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type Fields = Readonly<Record<string, unknown>>;

/** The one way to write a document down; the twin of `canonical` in Python. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const fields = value as { readonly [key: string]: Json };
  const keys = Object.keys(fields).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(fields[key] ?? null)}`).join(",")}}`;
}

/** A moment as documents have it. */
export const seconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/u, "Z");

/** What is wrong inside has one name outside; a `RosterError` keeps its own. */
function orMalformed<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RosterError ? error : new RosterError("malformed");
  }
}

/** The document as JSON; nothing in it is believed yet. */
export function parse(document: Bytes): Fields {
  return orMalformed(() => {
    if (document.length > MOST_BYTES) throw new Error();
    return fieldsOf(JSON.parse(text(document)));
  });
}

/** By whom the document says it is signed, and through whom the root leads there. */
export function claimed(parsed: Fields): { signer: string; signers: readonly Vouched[] } {
  return orMalformed(() => {
    const signers = optional(parsed, "signers", (value) => listOf(value, signerOf)) ?? [];
    return { signer: bytesIn(parsed["signer"], KEY), signers };
  });
}

/** The whole document; only for one whose signature is right. */
export async function readDocument(document: Bytes, parsed: Fields): Promise<Roster> {
  const roster = orMalformed(() => {
    if (!equal(utf8(canonical(parsed as Json)), document)) throw new RosterError("not_canonical");
    holdKnown(parsed);
    return rosterOf(parsed);
  });
  const keys = roster.members.map((one) => one.kem);
  for (const key of roster.recovery === null ? keys : [...keys, roster.recovery]) {
    if (!(await canSealTo(fromBase64(key)))) throw new RosterError("malformed");
  }
  return roster;
}

/** Refuse what this release would read over: it might take something away, as `revoked` does. */
function holdKnown(parsed: Fields): void {
  const known = (one: unknown, names: readonly string[]): void => {
    if (Object.keys(fieldsOf(one)).some((name) => !names.includes(name))) {
      throw new RosterError("unknown_format");
    }
  };
  known(parsed, [...FIELDS, ...LATER_FIELDS]);
  listOf(parsed["members"], (one) => known(one, MEMBER));
  optional(parsed, "signers", (value) => listOf(value, (one) => known(one, SIGNER)));
}

function rosterOf(parsed: Fields): Roster {
  const { version, demo, recovery } = parsed;
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 1) throw new Error();
  if (typeof demo !== "boolean") throw new Error();
  const signers = optional(parsed, "signers", (value) => listOf(value, signerOf));
  const revoked = optional(parsed, "revoked", (value) => listOf(value, (one) => bytesIn(one, KEY)));
  const from = optional(parsed, "recovery_from", momentIn);
  const members = listOf(parsed["members"], memberOf);
  if (new Set(members.map((one) => one.id)).size !== members.length) throw new Error();
  if ([signers, revoked].some((one) => (one?.length ?? 0) > MOST_SIGNERS)) throw new Error();
  return {
    version,
    previous: textIn(parsed["previous"]),
    issued_at: momentIn(parsed["issued_at"]),
    valid_until: momentIn(parsed["valid_until"]),
    signer: bytesIn(parsed["signer"], KEY),
    demo,
    members,
    recovery: recovery === null ? null : bytesIn(recovery, PUBLIC_BYTES),
    ...(signers === undefined ? {} : { signers }),
    ...(revoked === undefined ? {} : { revoked }),
    ...(from === undefined ? {} : { recovery_from: from }),
  };
}

function memberOf(value: unknown): RosterMember {
  const one = fieldsOf(value);
  return {
    id: textIn(one["id"]),
    name: textIn(one["name"]),
    organisation: textIn(one["organisation"]),
    roles: listOf(one["roles"], textIn),
    kem: bytesIn(one["kem"], PUBLIC_BYTES),
    sign: bytesIn(one["sign"], KEY),
  };
}

function signerOf(value: unknown): Vouched {
  const one = fieldsOf(value);
  return {
    key: bytesIn(one["key"], KEY),
    name: textIn(one["name"]),
    by: bytesIn(one["by"], KEY),
    signature: bytesIn(one["signature"], SIGNATURE),
  };
}

function fieldsOf(value: unknown): Fields {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error();
  return value as Fields;
}

function listOf<T>(value: unknown, each: (one: unknown) => T): T[] {
  if (!Array.isArray(value)) throw new Error();
  return value.map((one) => each(one));
}

function optional<T>(parsed: Fields, name: string, read: (value: unknown) => T): T | undefined {
  return Object.hasOwn(parsed, name) ? read(parsed[name]) : undefined;
}

/** A text that UTF-8 can hold: half a surrogate would be written as something else. */
function textIn(value: unknown): string {
  if (typeof value !== "string" || text(utf8(`.${value}`)) !== `.${value}`) throw new Error();
  return value;
}

/** Base64 of exactly so many bytes, in its one spelling: keys are compared as they are spelled. */
function bytesIn(value: unknown, size: number): string {
  const raw = fromBase64(textIn(value));
  if (raw.length !== size || base64(raw) !== value) throw new Error();
  return base64(raw);
}

function momentIn(value: unknown): string {
  const ms = Date.parse(textIn(value));
  if (Number.isNaN(ms) || seconds(ms) !== value) throw new Error();
  return seconds(ms);
}
