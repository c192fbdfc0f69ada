/** Unlocking: the words become the key, the key stays in memory, the roster is checked. */

import { api, ApiError } from "../api/client";
import type { ArgonJson, Factor, Me } from "../api/types";
import {
  admitted,
  type Argon,
  asWritten,
  base64,
  base64url,
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
  rootKey,
  type Secrets,
  sha256,
  type Signed,
  stretch,
  text,
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
  readonly roster: Roster | null;
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

async function currentRoster(): Promise<Signed | null> {
  try {
    return await api.roster();
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

async function claimedRoot(signed: Signed): Promise<UnknownRoot> {
  const root = rootKey(claimedRootOf(JSON.parse(text(fromBase64(signed.document))) as Roster));
  return new UnknownRoot(base64url(root), fingerprint(hex(await sha256(root))));
}

async function pinFor(name: string, root: string | null, signed: Signed): Promise<Pin> {
  const kept = readPin(localStorage, name);
  if (kept) return kept;
  if (root !== null) return { root, version: 0, hash: "" };
  throw await claimedRoot(signed);
}

/** Check the roster against what this browser remembers, and remember the newer one. */
async function opened(me: Me, seed: Bytes, root: string | null): Promise<Open> {
  const keys = await personKeys(seed);
  const signed = await currentRoster();
  if (signed === null) {
    return { me, keys, seed, roster: null, pin: readPin(localStorage, me.name), admitted: false };
  }
  const pin = await pinFor(me.name, root, signed);
  const checked = await checkRoster(signed, pin, Date.now());
  const inRoster = admitted(checked.roster, me.id, keys.kem.public);
  writePin(localStorage, me.name, checked.pin);
  return { me, keys, seed, roster: checked.roster, pin: checked.pin, admitted: inRoster };
}

/** A roster was signed: look at it as at any other, and remember it. */
export async function takeUp(open: Open, signed: Signed, root: string): Promise<Open> {
  const pin = open.pin ?? { root, version: 0, hash: "" };
  const checked = await checkRoster(signed, pin, Date.now());
  const inRoster = admitted(checked.roster, open.me.id, open.keys.kem.public);
  writePin(localStorage, open.me.name, checked.pin);
  return { ...open, roster: checked.roster, pin: checked.pin, admitted: inRoster };
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
