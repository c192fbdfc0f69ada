/** What the server tells this phone: a long answer, read line by line, taken up again when it ends. */

export interface StreamEvent {
  readonly type: "bubble" | "clear" | "typing" | "delete";
  readonly delivery?: string;
  readonly text?: string;
  readonly buttons?: readonly (readonly { readonly text: string; readonly token: string }[])[];
  readonly lang?: string;
  readonly dir?: string;
  readonly edit_of?: string;
  readonly targets?: readonly string[];
  /** A clear without it wipes the chat but does not leave the page. */
  readonly neutral?: boolean;
}

/** Cuts a stream of text into events; half lines wait for their end. Other lines are comments. */
export class Lines {
  #rest = "";

  take(chunk: string): readonly StreamEvent[] {
    const lines = (this.#rest + chunk).split(/\r?\n/u);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => {
      const event = line.startsWith("data:") ? parse(line.slice(5)) : null;
      return event === null ? [] : [event];
    });
  }
}

function parse(json: string): StreamEvent | null {
  try {
    const event = JSON.parse(json) as Partial<StreamEvent> | null;
    return typeof event?.type === "string" ? (event as StreamEvent) : null;
  } catch {
    return null;
  }
}

const FIRST_MS = 500;
const MOST_MS = 15_000;

/** Pause before the next try: doubling, with chance, so that phones do not come all at once. */
export function backoff(tries: number, chance: number): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(tries, 10)) * (0.5 + chance / 2);
}

const SILENT_MS = 45_000; // the server sends a comment every 15 s

async function read(
  response: Response,
  onEvent: (event: StreamEvent) => void,
  alive: () => void,
): Promise<void> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const decoder = new TextDecoder();
  const lines = new Lines();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    alive();
    for (const event of lines.take(decoder.decode(value, { stream: true }))) onEvent(event);
  }
}

export interface Listening {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly onEvent: (event: StreamEvent) => void;
  readonly onOnline: (online: boolean) => void;
}

/** Listen until stopped. */
export function listen({ url, headers, onEvent, onOnline }: Listening): () => void {
  let stopped = false;
  let tries = 0;
  let current: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;

  const once = async (): Promise<void> => {
    const aborter = new AbortController();
    current = aborter;
    const alive = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => aborter.abort(), SILENT_MS);
    };
    alive();
    try {
      const response = await fetch(url, { headers, cache: "no-store", signal: aborter.signal });
      if (response.ok) {
        tries = 0;
        onOnline(true);
        await read(response, (event) => (stopped ? undefined : onEvent(event)), alive);
      }
    } catch {
      // no network, or the silence was too long: tried again below
    }
    clearTimeout(silence);
    if (stopped) return;
    onOnline(false);
    timer = setTimeout(() => void once(), backoff(tries++, Math.random()));
  };
  const hurry = (): void => {
    clearTimeout(timer);
    current?.abort();
    tries = 0;
    timer = setTimeout(() => void once(), 0);
  };
  addEventListener("online", hurry);
  void once();
  return () => {
    stopped = true;
    removeEventListener("online", hurry);
    clearTimeout(timer);
    clearTimeout(silence);
    current?.abort();
  };
}
