/** This browser as a phone: its secret, its history, and how everything of it is wiped. */

import type { FileFacts } from "./files";

/** A picture or voice of the bot's; its bytes are fetched by their hash. */
export interface Shown {
  readonly kind: "image" | "audio";
  readonly mime: string;
  readonly sha256: string;
}

export interface Bubble {
  readonly id: string;
  readonly mine: boolean;
  readonly text: string;
  readonly lang?: string;
  readonly dir?: "ltr" | "rtl";
  readonly buttons?: readonly (readonly { readonly text: string; readonly token: string }[])[];
  readonly attachments?: readonly Shown[];
  /** Of what she sent: on its way, kept by the bot, not sent, too large, or not at hand any more. */
  readonly state?: "sending" | "kept" | "failed" | "too_large" | "lost";
  /** Of a file she sent; its bytes are not kept. */
  readonly file?: FileFacts;
  /** Of a press: the button's token. */
  readonly token?: string;
}

const SECRET_LENGTH = 43;

/** 32 random bytes as base64url: 43 characters. */
export function newSecret(): string {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...raw)).replace(/\+/gu, "-").replace(/\//gu, "_").replace(/=+$/u, "");
}

export function newId(): string {
  return newSecret().slice(0, 22);
}

/** `me`, or the name in `?phone=`: another name is another phone. */
export function phoneName(search: string): string {
  const name = new URLSearchParams(search).get("phone") ?? "me";
  return /^[a-z0-9-]{1,20}$/u.test(name) ? name : "me";
}

export class Phone {
  readonly #secretKey: string;
  readonly #historyKey: string;
  /** Where the browser lets a page keep nothing, the phone lasts as long as the page. */
  #unkept = "";
  /** After the exit nothing is written any more, whatever still arrives. */
  #gone = false;

  constructor(name: string) {
    this.#secretKey = `p-${name}`;
    this.#historyKey = `h-${name}`;
  }

  secret(): string {
    try {
      const known = localStorage.getItem(this.#secretKey);
      if (known?.length === SECRET_LENGTH) return known;
      const made = newSecret();
      localStorage.setItem(this.#secretKey, made);
      return made;
    } catch {
      this.#unkept ||= newSecret();
      return this.#unkept;
    }
  }

  history(): Bubble[] {
    try {
      const kept: unknown = JSON.parse(sessionStorage.getItem(this.#historyKey) ?? "[]");
      return Array.isArray(kept) ? (kept as Bubble[]) : [];
    } catch {
      return [];
    }
  }

  keep(bubbles: readonly Bubble[]): void {
    if (this.#gone) return;
    try {
      sessionStorage.setItem(this.#historyKey, JSON.stringify(bubbles.slice(-300)));
    } catch {
      // full or forbidden: the page still shows what it has
    }
  }

  /** For the exit: history goes; the secret stays, or she could not come back from this browser. */
  wipe(): void {
    this.#gone = true;
    try {
      sessionStorage.removeItem(this.#historyKey);
    } catch {
      // forbidden: then nothing was kept
    }
  }
}
