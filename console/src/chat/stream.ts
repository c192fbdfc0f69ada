/** The bot's side of the conversation: a stream that is read with a header, and reconnects. */

import type { Shown } from "./phone";

export type FromBot =
  | {
      readonly type: "bubble";
      readonly delivery: string;
      readonly text: string;
      readonly buttons: readonly (readonly { readonly text: string; readonly token: string }[])[];
      readonly lang: string;
      readonly dir: "ltr" | "rtl";
      readonly edit_of?: string;
      readonly neutral?: boolean;
      readonly attachments?: readonly Shown[];
    }
  | { readonly type: "clear"; readonly delivery?: string; readonly neutral?: boolean }
  | { readonly type: "delete"; readonly delivery: string; readonly targets: readonly string[] }
  | { readonly type: "typing" };

/** Splits a stream of text into server-sent events' data lines. */
export class Lines {
  #rest = "";

  push(chunk: string): string[] {
    const parts = (this.#rest + chunk).split("\n\n");
    this.#rest = parts.pop() ?? "";
    return parts.flatMap((part) =>
      part.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)),
    );
  }
}

const LONGEST_MS = 15_000;
/** The bot sends a comment every 15 s; a longer silence is a dead connection. */
const SILENT_MS = 45_000;

/** One event; a line that is none is passed over, or it would end the stream for good. */
export function parse(line: string): FromBot | null {
  try {
    const event = JSON.parse(line) as Partial<FromBot> | null;
    return typeof event?.type === "string" ? (event as FromBot) : null;
  } catch {
    return null;
  }
}

/** Read until `signal` ends it; `onUp` says whether the bot is there, and the largest file it takes. */
export async function follow(
  secret: string,
  onEvent: (event: FromBot) => void,
  onUp: (up: boolean, fileBytes?: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let wait = 500;
  while (!signal.aborted) {
    try {
      const quiet = new AbortController();
      const response = await fetch("/chat/api/stream", {
        headers: { "X-Relais-Phone": secret },
        cache: "no-store",
        signal: AbortSignal.any([signal, quiet.signal]),
      });
      if (response.ok && response.body) {
        onUp(true, Number(response.headers.get("X-Relais-File-Bytes")) || undefined);
        wait = 500;
        await read(response.body, onEvent, quiet);
      }
    } catch {
      // reconnects below
    }
    if (signal.aborted) return;
    onUp(false);
    await new Promise((done) => setTimeout(done, wait));
    wait = Math.min(wait * 2, LONGEST_MS);
  }
}

async function read(
  body: ReadableStream<Uint8Array>,
  onEvent: (event: FromBot) => void,
  quiet: AbortController,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const lines = new Lines();
  for (;;) {
    const silence = setTimeout(() => quiet.abort(), SILENT_MS);
    const { value, done } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    for (const line of lines.push(decoder.decode(value, { stream: true }))) {
      const event = parse(line);
      if (event) onEvent(event);
    }
  }
}

export interface Outgoing {
  readonly id: string;
  readonly kind: "start" | "text" | "choice";
  readonly text?: string;
  readonly token?: string;
}

/** "kept" once the bot has it safely; "later" when the same should be sent again. */
export async function send(secret: string, message: Outgoing): Promise<"kept" | "later" | "refused"> {
  try {
    const response = await post("/chat/api/messages", secret, message);
    if (response.ok) return "kept";
    return response.status === 429 || response.status >= 500 ? "later" : "refused";
  } catch {
    return "later";
  }
}

export async function acknowledge(secret: string, delivery: string, messageId: string): Promise<void> {
  try {
    await post("/chat/api/acks", secret, { delivery, message_id: messageId });
  } catch {
    // the bot sends it again, and it is shown once
  }
}

function post(path: string, secret: string, body: unknown): Promise<Response> {
  return fetch(path, {
    method: "POST",
    keepalive: true,
    headers: { "Content-Type": "application/json", "X-Relais-Phone": secret },
    body: JSON.stringify(body),
  });
}
