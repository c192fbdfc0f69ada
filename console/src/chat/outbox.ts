/** What she sends, one after the other: what was written first arrives first, files included. */

import type { OutFile } from "./files";
import type { Outgoing } from "./stream";
import type { Uploaded } from "./upload";

export type Ended = "kept" | "failed" | "too_large";

export interface Ways {
  readonly send: (message: Outgoing) => Promise<"kept" | "later" | "refused">;
  readonly upload: (
    id: string,
    file: OutFile,
    onProgress: (part: number) => void,
    signal: AbortSignal,
  ) => Promise<Uploaded>;
  readonly pause: (ms: number) => Promise<void>;
}

export interface Listener {
  readonly ended: (id: string, how: Ended) => void;
  readonly progress: (id: string, part: number) => void;
}

const TRIES = 8;

export class Outbox {
  readonly #ways: Ways;
  readonly #listener: Listener;
  readonly #messages = new Map<string, Outgoing>();
  /** Held until they have gone, so that one that failed can be sent again. */
  readonly #files = new Map<string, OutFile>();
  readonly #line: string[] = [];
  #current: { readonly id: string; readonly stop: AbortController } | null = null;

  constructor(ways: Ways, listener: Listener) {
    this.#ways = ways;
    this.#listener = listener;
  }

  say(message: Outgoing): void {
    this.#messages.set(message.id, message);
    this.#queue(message.id);
  }

  give(id: string, file: OutFile): void {
    this.#files.set(id, file);
    this.#queue(id);
  }

  /** Once more, what did not go; false when it is not at hand any more. */
  again(id: string): boolean {
    if (!this.#files.has(id) && !this.#messages.has(id)) return false;
    this.#queue(id);
    return true;
  }

  /** She changed her mind. What has arrived already has arrived. */
  cancel(id: string): void {
    this.#files.delete(id);
    const place = this.#line.indexOf(id);
    if (place >= 0) this.#line.splice(place, 1);
    if (this.#current?.id === id) this.#current.stop.abort();
  }

  /** Nothing more leaves this page. */
  close(): void {
    this.#line.length = 0;
    this.#files.clear();
    this.#current?.stop.abort();
  }

  #queue(id: string): void {
    if (this.#current?.id === id || this.#line.includes(id)) return;
    this.#line.push(id);
    if (this.#current === null) void this.#work();
  }

  async #work(): Promise<void> {
    for (let id = this.#line.shift(); id !== undefined; id = this.#line.shift()) {
      this.#current = { id, stop: new AbortController() };
      const how = await this.#deliver(id, this.#current.stop.signal);
      this.#current = null;
      if (how === "cancelled") continue;
      if (how !== "failed") this.#forget(id);
      this.#listener.ended(id, how);
    }
  }

  async #deliver(id: string, signal: AbortSignal): Promise<Ended | "cancelled"> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const result = await this.#once(id, signal);
      if (signal.aborted && result !== "kept") return "cancelled";
      if (result === "refused") return "failed";
      if (result !== "later") return result;
      await this.#ways.pause(Math.min(500 * 2 ** tries, 10_000));
      if (signal.aborted) return "cancelled";
    }
    return "failed";
  }

  async #once(id: string, signal: AbortSignal): Promise<Uploaded> {
    const file = this.#files.get(id);
    if (file) return this.#ways.upload(id, file, (part) => this.#listener.progress(id, part), signal);
    const message = this.#messages.get(id);
    return message ? this.#ways.send(message) : "cancelled";
  }

  #forget(id: string): void {
    this.#files.delete(id);
    this.#messages.delete(id);
  }
}
