/** What stands on the screen, and how events change it. Pure. */

import type { Bubble } from "./phone";
import type { FromBot } from "./stream";

type Shown = Extract<FromBot, { type: "bubble" }>;

/** Add a bubble, or replace the one it edits; a repeated delivery changes nothing. */
export function heard(bubbles: readonly Bubble[], event: Shown): Bubble[] {
  const bubble: Bubble = {
    id: event.delivery,
    mine: false,
    text: event.text,
    lang: event.lang,
    dir: event.dir,
    buttons: event.buttons,
  };
  if (bubbles.some((one) => one.id === event.delivery)) return [...bubbles];
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
