/** From sealed items to what a responder reads; all of it in the browser. */

import type { CaseFile, Grant, Item } from "../../api/types";
import {
  type Bytes,
  concat,
  type Context,
  fromBase64,
  info,
  isPairOf,
  type KeyPair,
  keyPair,
  openText,
  type PersonKeys,
  type RosterMember,
  sha256,
  text,
  verify,
  wipe,
} from "../../crypto";

/** Order in which compartments are read. */
export const ORDER = ["brief", "medical", "account", "perpetrator", "evidence", "messages", "team"];

export interface Answer {
  readonly kind: "answer";
  readonly id: string;
  readonly step: string;
  /** Which of several tellings it is of; the first has no name. */
  readonly telling: string;
  /** Where it stands: whoever opens its file needs the key of this. */
  readonly compartment: string;
  readonly generation: number;
  /** One of several messages to the same question; 0 where a question has one answer. */
  readonly part: number;
  readonly prompt: string;
  readonly value: unknown;
  readonly text: string | null;
  readonly locale: string;
  readonly at: string;
  /** What the same question was answered before, oldest first. */
  readonly before: readonly Answer[];
}

export interface Consent {
  readonly kind: "consent";
  readonly id: string;
  readonly purpose: string;
  readonly answer: string;
  readonly organisations: readonly string[];
  readonly channel: string;
  readonly at: string;
}

/** GBVIMS codes of a compartment, for the records; derived, never asked. */
export interface Coded {
  readonly kind: "coded";
  readonly id: string;
  readonly telling: string;
  readonly codes: Readonly<Record<string, unknown>>;
  readonly at: string;
}

export interface Note {
  readonly kind: "step";
  readonly id: string;
  readonly text: string;
  readonly by: string;
  readonly at: string;
  /** Its author is in the list of members, and signed exactly this. */
  readonly signed: boolean;
}

export type Opened = Answer | Consent | Coded | Note;

export interface Compartment {
  readonly name: string;
  readonly answers: readonly Answer[];
  /** One record for each telling, in the order told. */
  readonly codes: readonly Readonly<Record<string, unknown>>[];
  /** Items that are there but could not be opened. */
  readonly closed: number;
}

/** Where a note can be sealed to: a compartment whose key this browser has checked. */
export interface Target {
  readonly generation: number;
  readonly public: Bytes;
}

export interface OpenedCase {
  readonly compartments: readonly Compartment[];
  readonly consents: readonly Consent[];
  readonly notes: readonly Note[];
  readonly team: Target | null;
  /** Keys given to this member that do not open, or that are another compartment's. */
  readonly spoiled: readonly Place[];
}

/** Which key of a case. */
export interface Place {
  readonly compartment: string;
  readonly generation: number;
}

/** Keys and items that were opened already: a refresh opens only what is new. */
export interface Memory {
  readonly keys: Map<string, KeyPair | null>;
  readonly items: Map<string, Opened | null>;
}

export function freshMemory(): Memory {
  return { keys: new Map(), items: new Map() };
}

const place = (one: { compartment: string; generation: number }): string =>
  `${one.compartment}/${one.generation}`;

/** The compartment's key pair, if the grant opens and yields exactly the public half shown. */
async function openGrant(
  caseId: string,
  grant: Grant,
  memberId: string,
  keys: PersonKeys,
): Promise<KeyPair | null> {
  const context = {
    case: caseId,
    compartment: grant.compartment,
    generation: grant.generation,
    item: memberId,
    kind: "grant",
  };
  try {
    const seed = await openText(fromBase64(grant.sealed), keys.kem, context);
    const pair = await keyPair(seed);
    wipe(seed);
    return isPairOf(pair, fromBase64(grant.public)) ? pair : null;
  } catch {
    return null;
  }
}

type Fields = Readonly<Record<string, unknown>>;

const word = (value: unknown): string => (typeof value === "string" ? value : "");

function answerOf(item: Item, fields: Fields): Answer {
  return {
    kind: "answer",
    id: item.id,
    step: word(fields["step"]),
    telling: word(fields["telling"]),
    compartment: item.compartment,
    generation: item.generation,
    part: typeof fields["part"] === "number" ? fields["part"] : 0,
    prompt: word(fields["prompt"]),
    value: fields["value"] ?? null,
    text: typeof fields["text"] === "string" ? fields["text"] : null,
    locale: word(fields["locale"]),
    at: word(fields["at"]) || item.made_at,
    before: [],
  };
}

function consentOf(item: Item, fields: Fields): Consent {
  const named = fields["organisations"];
  return {
    kind: "consent",
    id: item.id,
    purpose: word(fields["purpose"]),
    answer: word(fields["answer"]),
    organisations: Array.isArray(named) ? named.map(String) : [],
    channel: word(fields["channel"]),
    at: word(fields["at"]) || item.made_at,
  };
}

/** What a file's item tells of it; the bytes are asked for by its id. */
export interface FileFacts {
  readonly file: string;
  readonly media: string;
  readonly mime: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly preview: boolean;
  readonly takenBack: boolean;
}

/** A file answers its question beside others: each is a line of its own, and a note of it too. */
function fileOf(item: Item, fields: Fields): Answer {
  const facts: FileFacts = {
    file: word(fields["file"]),
    media: word(fields["media"]),
    mime: word(fields["mime"]),
    size: typeof fields["size"] === "number" ? fields["size"] : 0,
    sha256: word(fields["sha256"]),
    preview: typeof fields["preview"] === "object" && fields["preview"] !== null,
    takenBack: fields["taken_back"] === true,
  };
  const step = `${word(fields["step"])}#${String(fields["item"])}`;
  return { ...answerOf(item, fields), step, value: facts, text: null };
}

/** Purpose of the signature over a step. */
export const STEP = "step";

/** What its author signs: the place that the ciphertext is bound to, and the SHA-256 of it. */
export async function signedStep(context: Context, sealed: Bytes): Promise<Bytes> {
  return concat(info(context), await sha256(sealed));
}

/** The member who wrote a step, if the list holds them and they signed exactly this. */
async function authorOf(item: Item, context: Context, members: readonly RosterMember[]): Promise<RosterMember | null> {
  const member = members.find((one) => one.id === item.author);
  if (item.kind !== "step" || !member || !item.signature) return null;
  const what = await signedStep(context, fromBase64(item.sealed));
  return (await verify(fromBase64(member.sign), STEP, what, fromBase64(item.signature))) ? member : null;
}

function understood(item: Item, fields: Fields, author: RosterMember | null): Opened {
  if (item.kind === "consent") return consentOf(item, fields);
  if (item.kind === "file") return fileOf(item, fields);
  if (item.kind === "coded") {
    const codes = (fields["codes"] ?? {}) as Readonly<Record<string, unknown>>;
    const telling = word(fields["telling"]);
    return { kind: "coded", id: item.id, telling, codes, at: word(fields["at"]) || item.made_at };
  }
  if (item.kind === "step") {
    const at = word(fields["at"]) || item.made_at;
    // Never the name inside, which its writer could have made up, where the server knows better.
    const by = author?.name ?? item.author_name ?? word(fields["by"]);
    return { kind: "step", id: item.id, text: word(fields["text"]), by, at, signed: author !== null };
  }
  return answerOf(item, fields);
}

async function openItem(
  caseId: string,
  item: Item,
  pair: KeyPair | null,
  members: readonly RosterMember[],
): Promise<Opened | null> {
  if (pair === null) return null;
  const context = {
    case: caseId,
    compartment: item.compartment,
    generation: item.generation,
    item: item.id,
    kind: item.kind,
  };
  try {
    const plain = text(await openText(fromBase64(item.sealed), pair, context));
    const author = await authorOf(item, context, members);
    return understood(item, JSON.parse(plain) as Fields, author);
  } catch {
    return null;
  }
}

/** The last answer to each question, with the earlier ones behind it; in the order first asked. */
export function latest(answers: readonly Answer[]): readonly Answer[] {
  const byStep = new Map<string, Answer>();
  for (const answer of [...answers].sort((a, b) => a.at.localeCompare(b.at))) {
    const step = answer.part === 0 ? answer.step || answer.id : `${answer.step}#${answer.part}`;
    const key = `${answer.telling}|${step}`;
    const earlier = byStep.get(key);
    const before = earlier ? [...earlier.before, earlier] : [];
    byStep.set(key, { ...answer, before });
  }
  return [...byStep.values()];
}

/** Whom she left out is for routing alone; it is shown to nobody. */
function hidden(item: Item, opened: Opened | null): boolean {
  if (item.compartment === "routing") return true;
  return opened?.kind === "answer" && opened.step === "exclude";
}

function assemble(file: CaseFile, memory: Memory): OpenedCase {
  const shown = file.items
    .map((item) => ({ item, opened: memory.items.get(item.id) ?? null }))
    .filter(({ item, opened }) => !hidden(item, opened));
  const compartments = [...new Set(shown.map(({ item }) => item.compartment))]
    .sort((a, b) => rank(a) - rank(b))
    .map((name) => {
      const within = shown.filter(({ item }) => item.compartment === name);
      const answers = within.flatMap(({ opened }) => (opened?.kind === "answer" ? [opened] : []));
      const coded = within.flatMap(({ opened }) => (opened?.kind === "coded" ? [opened] : []));
      const inOrder = coded.sort((a, b) => a.at.localeCompare(b.at));
      const tellings = [...new Set(inOrder.map((one) => one.telling))];
      const codes = tellings.map(
        (telling) =>
          Object.assign(
            {},
            ...inOrder.filter((one) => one.telling === telling).map((one) => one.codes),
          ) as Record<string, unknown>,
      );
      const closed = within.filter(({ opened }) => opened === null).length;
      return { name, answers: latest(answers), codes, closed };
    });
  const all = shown.flatMap(({ opened }) => (opened === null ? [] : [opened]));
  return {
    compartments: compartments.filter((one) => one.answers.length > 0 || one.closed > 0),
    consents: all.filter((one) => one.kind === "consent"),
    notes: all.filter((one) => one.kind === "step").sort((a, b) => a.at.localeCompare(b.at)),
    team: teamTarget(file, memory),
    spoiled: file.grants
      .filter((grant) => memory.keys.get(place(grant)) === null)
      .map(({ compartment, generation }) => ({ compartment, generation })),
  };
}

function rank(name: string): number {
  const at = ORDER.indexOf(name);
  return at < 0 ? ORDER.length : at;
}

function teamTarget(file: CaseFile, memory: Memory): Target | null {
  const mine = file.grants
    .filter((grant) => grant.compartment === "team")
    .sort((a, b) => b.generation - a.generation);
  for (const grant of mine) {
    const pair = memory.keys.get(place(grant));
    if (pair) return { generation: grant.generation, public: pair.public };
  }
  return null;
}

/** Open every grant of this member and every item behind it. What fails is counted, not hidden. */
export async function openCase(
  file: CaseFile,
  memberId: string,
  keys: PersonKeys,
  memory: Memory,
  members: readonly RosterMember[] = [],
): Promise<OpenedCase> {
  const caseId = file.case.id;
  for (const grant of file.grants) {
    const known = memory.keys.get(place(grant));
    if (known || (grant.holder !== "" && grant.holder !== memberId)) continue;
    memory.keys.set(place(grant), await openGrant(caseId, grant, memberId, keys));
  }
  for (const item of file.items) {
    if (memory.items.get(item.id)) continue;
    const pair = memory.keys.get(place(item)) ?? null;
    memory.items.set(item.id, await openItem(caseId, item, pair, members));
  }
  return assemble(file, memory);
}
