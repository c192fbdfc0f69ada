/** One file to the bot, as it is, with progress. */

import type { OutFile } from "./files";

export type Uploaded = "kept" | "later" | "too_large" | "refused" | "cancelled";

/** A link on which nothing moves for so long is dead; the file goes again. */
const STILL_MS = 60_000;

/**
 * `fetch` cannot tell how far an upload is, so this is the older request. `onProgress` gets 0 to 1.
 * The same `id` may be sent any number of times: it counts once.
 */
export function upload(
  secret: string,
  id: string,
  file: OutFile,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<Uploaded> {
  return new Promise((done) => {
    if (signal.aborted) return done("cancelled");
    const about = new URLSearchParams({ id, kind: file.kind, mime: file.mime, size: String(file.data.size) });
    const request = new XMLHttpRequest();
    let still = 0;
    const end = (how: Uploaded): void => {
      clearTimeout(still);
      signal.removeEventListener("abort", cancel);
      done(how);
    };
    const watch = (): void => {
      clearTimeout(still);
      still = setTimeout(() => request.abort(), STILL_MS) as unknown as number;
    };
    const cancel = (): void => request.abort();
    signal.addEventListener("abort", cancel);
    request.upload.onprogress = (event) => {
      watch();
      if (event.total > 0) onProgress(event.loaded / event.total);
    };
    request.onload = () => end(outcome(request.status));
    request.onerror = () => end("later");
    request.onabort = () => end(signal.aborted ? "cancelled" : "later");
    request.open("POST", `/chat/api/files?${about.toString()}`);
    request.setRequestHeader("X-Relais-Phone", secret);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    watch();
    request.send(file.data);
  });
}

export function outcome(status: number): Uploaded {
  if (status >= 200 && status < 300) return "kept";
  if (status === 413) return "too_large";
  return status === 408 || status === 429 || status >= 500 || status === 0 ? "later" : "refused";
}
