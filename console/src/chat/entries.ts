/** What stands in the chat, and how it changes. Pure: the screen and the storage follow it. */

export interface ChatButton {
  readonly text: string;
  readonly token: string;
}

/** A bubble of the other side. */
export interface Received {
  readonly side: "them";
  /** Made here; the other side knows the bubble by it. */
  readonly id: string;
  readonly delivery: string;
  readonly text: string;
  readonly buttons: readonly (readonly ChatButton[])[];
  readonly lang: string;
  readonly dir: "ltr" | "rtl" | "auto";
  /** Token of the button that was pressed here. */
  readonly pressed: string;
}

/** sending: under way · kept: the server has it · failed: tried again by itself · refused: not. */
export type Fate = "sending" | "kept" | "failed" | "refused";

/** Something sent from here. A press is no bubble: its button shows it. */
export interface Own {
  readonly side: "me";
  readonly id: string;
  readonly kind: "start" | "text" | "choice";
  readonly text: string;
  readonly token: string;
  /** The bubble whose button was pressed. */
  readonly of: string;
  readonly fate: Fate;
}

export type Entry = Received | Own;

export type Change =
  | { readonly type: "received"; readonly bubble: Received }
  | { readonly type: "edited"; readonly of: string; readonly bubble: Received }
  | { readonly type: "deleted"; readonly targets: readonly string[] }
  | { readonly type: "sent"; readonly own: Own }
  | { readonly type: "fate"; readonly id: string; readonly fate: Fate }
  | { readonly type: "cleared" };

/** The entry that the other side calls `name`: by the id made here or by its delivery. */
export function known(entries: readonly Entry[], name: string): Received | undefined {
  if (name === "") return undefined;
  return entries.find(
    (entry): entry is Received =>
      entry.side === "them" && (entry.id === name || entry.delivery === name),
  );
}

function received(entries: readonly Entry[], bubble: Received): readonly Entry[] {
  return known(entries, bubble.delivery) ? entries : [...entries, bubble];
}

function edited(entries: readonly Entry[], of: string, bubble: Received): readonly Entry[] {
  const before = known(entries, of);
  if (!before) return received(entries, bubble);
  return entries.map((entry) => (entry === before ? { ...bubble, id: before.id } : entry));
}

function sent(entries: readonly Entry[], own: Own): readonly Entry[] {
  const marked = entries.map((entry) =>
    entry.side === "them" && own.kind === "choice" && entry.id === own.of
      ? { ...entry, pressed: own.token }
      : entry,
  );
  return [...marked, own];
}

export function change(entries: readonly Entry[], what: Change): readonly Entry[] {
  switch (what.type) {
    case "received":
      return received(entries, what.bubble);
    case "edited":
      return edited(entries, what.of, what.bubble);
    case "deleted":
      return entries.filter((entry) => !what.targets.includes(entry.id));
    case "sent":
      return sent(entries, what.own);
    case "fate":
      return entries.map((entry) =>
        entry.side === "me" && entry.id === what.id ? { ...entry, fate: what.fate } : entry,
      );
    case "cleared":
      return [];
  }
}

/** Id of the last bubble of the other side: its buttons are the ones that are asked for. */
export function newest(entries: readonly Entry[]): string {
  return entries.findLast((entry) => entry.side === "them")?.id ?? "";
}

/** What still has to reach the server, in order. */
export function waiting(entries: readonly Entry[]): readonly Own[] {
  return entries.filter(
    (entry): entry is Own =>
      entry.side === "me" && (entry.fate === "sending" || entry.fate === "failed"),
  );
}
