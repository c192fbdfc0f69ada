/** Unlocking: the words become the key, the key stays in memory, the roster is checked. */

import { api, ApiError } from "../api/client";
import type { ArgonJson, Factor, Me } from "../api/types";
import {
  admitted,
  type Argon,
  asWritten,
  base64,
  base64url,
  believeNone,
  type Bytes,
  checkRoster,
  claimedRootOf,
  fingerprint,
  fromBase64,
  hex,
  type PersonKeys,
  personKeys,
  type Pin,
  readPin,
  type Roster,
  RosterError,
  type Secrets,
  sha256,
  type Signed,
  stretch,
  unwrapSeed,
  usePasskey,
  wipe,
  wordList,
  writePin,
} from "../crypto";

/** An unlocked console. `seed` is the only secret; `close` wipes it. */
export interface Open {
  readonly me: Me;
  readonly keys: PersonKeys;
  readonly seed: Bytes;
  /** The list in force; null while there is none, or it is over. */
  readonly roster: Roster | null;
  /** Whether there is a list, and it is over. */
  readonly over: boolean;
  /** What this browser remembers of it; null before the first roster. */
  readonly pin: Pin | null;
  /** Whether a coordinator has put this key in the roster. */
  readonly admitted: boolean;
}

/** Thrown when this browser has no root for the member: a person must compare it. */
export class UnknownRoot extends Error {
  readonly root: string;
  readonly shown: string;

  constructor(root: string, shown: string) {
    super("unknown_root");
    this.name = "UnknownRoot";
    this.root = root;
    this.shown = shown;
  }
}

export interface Typed {
  readonly name: string;
  readonly words: string;
  /** Null: with a passkey. */
  readonly totp: string | null;
}

/** The server names a member's passkeys to those alone who prove the words. */
async function factorOf(typed: Typed, login: string): Promise<Factor> {
  if (typed.totp !== null) return { totp: typed.totp.replace(/\s/gu, "") };
  const { options } = await api.passkeyLogin(typed.name.trim(), login);
  return { passkey: await usePasskey(options) };
}

export function argonOf(json: ArgonJson): Argon {
  return {
    salt: fromBase64(json.salt),
    memoryKib: json.memory_kib,
    passes: json.passes,
    lanes: json.lanes,
  };
}

async function written(words: string): Promise<string> {
  return asWritten(words, [await wordList("en"), await wordList("fr")]).join(" ");
}

async function orNone(asked: Promise<Signed>): Promise<Signed | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** The newest list that the server shows: in force, or over; null: it shows none. */
async function shownRoster(): Promise<Signed | null> {
  return (await orNone(api.roster())) ?? orNone(api.lastRoster());
}

async function claimedRoot(signed: Signed): Promise<UnknownRoot> {
  const root = claimedRootOf(signed);
  return new UnknownRoot(base64url(root), fingerprint(hex(await sha256(root))));
}

async function pinFor(name: string, root: string | null, signed: Signed): Promise<Pin> {
  const kept = readPin(localStorage, name);
  if (kept) return kept;
  if (root !== null) return { root, version: 0, hash: "" };
  throw await claimedRoot(signed);
}

type Unlocked = Pick<Open, "me" | "keys" | "seed">;

/** Check the roster against what this browser remembers, and remember the newer one. */
async function opened(me: Me, seed: Bytes, root: string | null): Promise<Open> {
  const unlocked = { me, keys: await personKeys(seed), seed };
  const signed = await shownRoster();
  if (signed !== null) return believing(unlocked, signed, await pinFor(me.name, root, signed));
  const pin = readPin(localStorage, me.name);
  believeNone(pin);
  return { ...unlocked, roster: null, over: false, pin, admitted: false };
}

/**
 * Open under this list. One that is over is remembered and not used: nothing is sealed to anybody
 * in it, but a coordinator can sign the next, and a member can show the words of a new key.
 */
async function believing(unlocked: Unlocked, signed: Signed, before: Pin): Promise<Open> {
  const { me, keys, seed } = unlocked;
  const { roster, pin } = await checkRoster(signed, before, 0);
  const inRoster = admitted(roster, me.id, keys.kem.public);
  writePin(localStorage, me.name, pin);
  const over = Date.parse(roster.valid_until) <= Date.now();
  return { me, keys, seed, roster: over ? null : roster, over, pin, admitted: inRoster && !over };
}

/** A roster was signed: look at it as at any other, and remember it. */
export function takeUp(open: Open, signed: Signed, root: string): Promise<Open> {
  return believing(open, signed, seenBy(open) ?? { root, version: 0, hash: "" });
}

/** What this browser saw last, in another tab too. */
function seenBy(open: Open): Pin | null {
  return readPin(localStorage, open.me.name) ?? open.pin;
}

/** The newest roster, in force or over, with its hash; null before the first. */
export interface Last {
  readonly roster: Roster;
  readonly hash: string;
}

/** What the next list follows. Throws where the server hides what this browser saw. */
export async function lastRoster(open: Open): Promise<Last | null> {
  const signed = await orNone(api.lastRoster());
  const seen = seenBy(open);
  if (signed === null) {
    believeNone(seen);
    return null;
  }
  if (seen === null) throw new RosterError("not_compared");
  const { roster, pin } = await checkRoster(signed, seen, 0);
  writePin(localStorage, open.me.name, pin);
  return { roster, hash: pin.hash };
}

async function openSeed(
  me: Me,
  wrapped: string,
  wrap: Bytes,
  root: string | null,
): Promise<Open> {
  const seed = await unwrapSeed(fromBase64(wrapped), wrap, me.name);
  try {
    return await opened(me, seed, root);
  } catch (error) {
    wipe(seed);
    throw error;
  }
}

/** Sign in and unlock. A roster that is refused signs out again. */
export async function unlock(typed: Typed, root: string | null): Promise<Open> {
  const { argon } = await api.loginStart(typed.name.trim());
  const secrets = await stretch(await written(typed.words), argonOf(argon));
  try {
    const login = base64(secrets.login);
    const factor = await factorOf(typed, login);
    const answer = await api.login(typed.name.trim(), login, factor);
    return await openSeed(answer.me, answer.wrapped_seed, secrets.wrap, root);
  } catch (error) {
    if (!(error instanceof UnknownRoot)) await api.logout().catch(() => undefined);
    throw error;
  } finally {
    wipe(secrets.wrap, secrets.login);
  }
}

/** Unlock again after a reload, while the server still knows this browser: the words are enough. */
export async function unlockAgain(me: Me, words: string, root: string | null): Promise<Open> {
  const { argon } = await api.loginStart(me.name);
  const secrets = await stretch(await written(words), argonOf(argon));
  try {
    return await openSeed(me, me.wrapped_seed, secrets.wrap, root);
  } finally {
    wipe(secrets.wrap, secrets.login);
  }
}

/** What proves the words to the server, and what wraps the key under them. */
export async function secretsOf(name: string, words: string): Promise<Secrets> {
  const { argon } = await api.loginStart(name);
  return stretch(await written(words), argonOf(argon));
}

/** Wipe the keys of an unlocked console. */
export function forget(open: Open): void {
  wipe(open.seed);
  open.keys.kem.forget();
  open.keys.sign.forget();
}

/** Lock: the keys are wiped and the server forgets this browser. */
export function close(open: Open | null): void {
  if (open) forget(open);
  void api.logout().catch(() => undefined);
}
