/** What stands on the screen, and how events change it. Pure. */

import { type Bubble, newId } from "./phone";
import type { FromBot } from "./stream";

type Shown = Extract<FromBot, { type: "bubble" }>;

/** Add a bubble, or replace the one it edits; a repeated delivery changes nothing. */
export function heard(bubbles: readonly Bubble[], event: Shown): Bubble[] {
  const bubble: Bubble = {
    id: event.delivery === "" ? newId() : event.delivery, // the bot's own words have none
    mine: false,
    text: event.text,
    lang: event.lang,
    dir: event.dir,
    buttons: event.buttons,
    ...(event.attachments && event.attachments.length > 0 ? { attachments: event.attachments } : {}),
  };
  if (bubbles.some((one) => one.id === bubble.id)) return [...bubbles];
  const edited = event.edit_of;
  if (edited !== undefined && bubbles.some((one) => one.id === edited)) {
    return bubbles.map((one) => (one.id === edited ? { ...bubble, id: edited } : one));
  }
  return [...bubbles, bubble];
}

/** Set how far a message of hers is. */
export function marked(bubbles: readonly Bubble[], id: string, state: Bubble["state"]): Bubble[] {
  return bubbles.map((one) => (one.id === id && state !== undefined ? { ...one, state } : one));
}

/** Without what the bot took back. */
export function without(bubbles: readonly Bubble[], targets: readonly string[]): Bubble[] {
  return bubbles.filter((one) => !targets.includes(one.id));
}

/** What a reload cut short: it is sent again under the same id, and counts once. */
export function unsent(bubbles: readonly Bubble[]): readonly Bubble[] {
  return bubbles.filter((one) => one.mine && one.state === "sending" && one.file === undefined);
}

/** After a reload: a file that had not gone is not at hand any more, and says so. */
export function recovered(bubbles: readonly Bubble[]): Bubble[] {
  return bubbles.map((one) =>
    one.file && (one.state === "sending" || one.state === "failed") ? { ...one, state: "lost" as const } : one,
  );
}

/** Whether these words mean "away from here", in any language: then nothing is waited for. */
export function isExit(text: string): boolean {
  const word = text.replace(/[\u2066-\u2069\uFE0F\u200E\u200F]/gu, "").trim().toLowerCase();
  return /^(?:x|✕|✖|❌|[0٠۰၀०]{2})$/u.test(word);
}
