/** Her voice, recorded in this page's memory: nothing of it is written to the phone. */

import type { OutFile } from "./files";

export type Hindrance = "denied" | "none" | "busy";

/** Minutes of speech take little: about 3 kB a second. */
const BITS = 24_000;
export const LONGEST_SECONDS = 600;
const FORMS = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];

/** Whether this browser, on this address, can record at all. */
export function canRecord(): boolean {
  return typeof MediaRecorder === "function" && typeof navigator.mediaDevices?.getUserMedia === "function";
}

export class Microphone {
  readonly #recorder: MediaRecorder;
  readonly #stream: MediaStream;
  readonly #pieces: Blob[] = [];
  readonly #began: number;
  #ended = 0;

  private constructor(stream: MediaStream, now: number) {
    const form = FORMS.find((one) => MediaRecorder.isTypeSupported(one));
    this.#stream = stream;
    this.#began = now;
    this.#recorder = new MediaRecorder(stream, {
      audioBitsPerSecond: BITS,
      ...(form === undefined ? {} : { mimeType: form }),
    });
    this.#recorder.ondataavailable = (event) => void (event.data.size > 0 && this.#pieces.push(event.data));
    this.#recorder.start(1000);
  }

  /** Asks for the microphone, and records; or says what is in the way. */
  static async open(now: number): Promise<Microphone | Hindrance> {
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      return hindrance(error);
    }
    try {
      return new Microphone(stream, now);
    } catch {
      release(stream);
      return "busy";
    }
  }

  seconds(now: number): number {
    return ((this.#ended || now) - this.#began) / 1000;
  }

  /** Stops listening; the microphone is given back at once. */
  async stop(now: number): Promise<OutFile> {
    this.#ended ||= now;
    if (this.#recorder.state !== "inactive") {
      const stopped = new Promise((done) => (this.#recorder.onstop = done));
      this.#recorder.stop();
      await stopped;
    }
    release(this.#stream);
    const mime = this.#recorder.mimeType || "audio/webm";
    return { kind: "voice", mime, data: new Blob(this.#pieces, { type: mime }) };
  }

  /** Stops, and nothing is left of it. */
  discard(): void {
    this.#recorder.ondataavailable = null;
    this.#pieces.length = 0;
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
    release(this.#stream);
  }
}

function release(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

export function hindrance(error: unknown): Hindrance {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "none" : "busy";
}
