/** Files in the chat page: what they are called, how they go, in which order, and her voice. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { heard, recovered, unsent } from "../src/chat/conversation";
import { clock, kindOf, objection, type OutFile, outFile, sizeOf } from "../src/chat/files";
import { type Ended, Outbox, type Ways } from "../src/chat/outbox";
import type { Bubble } from "../src/chat/phone";
import { outcome, upload, type Uploaded } from "../src/chat/upload";
import { canRecord, hindrance, Microphone } from "../src/chat/voice";

const photo = (size = 3): OutFile => ({ kind: "photo", mime: "image/jpeg", data: new Blob(["x".repeat(size)]) });

afterEach(() => vi.unstubAllGlobals());

describe("a file", () => {
  it.each([
    ["image/jpeg", "photo"],
    ["IMAGE/HEIC", "photo"],
    ["image/svg+xml", "document"],
    ["video/mp4", "video"],
    ["audio/ogg;codecs=opus", "voice"],
    ["application/pdf", "document"],
    ["", "document"],
  ])("%s is a %s", (mime, kind) => {
    expect(kindOf(mime)).toBe(kind);
    expect(outFile(new Blob(["x"], { type: mime })).kind).toBe(kind);
  });

  it("is measured in words people know", () => {
    expect(sizeOf(1_234_567)).toBe("1.2 MB");
    expect(sizeOf(20_000_000)).toBe("20 MB");
    expect(sizeOf(999)).toBe("1 kB");
  });

  it("that cannot go is said before it goes, without blame", () => {
    expect(objection(20_000_000, 20_000_000)).toBe("");
    expect(objection(0, 20_000_000)).toContain("empty");
    expect(objection(20_000_001, 20_000_000)).toContain("20 MB");
  });

  it("of a voice shows its minutes", () => {
    expect([clock(0), clock(65.9), clock(600)]).toEqual(["0:00", "1:05", "10:00"]);
  });
});

describe("after a reload", () => {
  const facts = { kind: "photo", size: 3 } as const;
  const bubbles: Bubble[] = [
    { id: "1", mine: true, text: "", file: facts, state: "sending" },
    { id: "2", mine: true, text: "", file: facts, state: "failed" },
    { id: "3", mine: true, text: "", file: facts, state: "kept" },
    { id: "4", mine: true, text: "words", state: "sending" },
  ];

  it("a file that had not gone is not at hand, and is not sent as words", () => {
    expect(recovered(bubbles).map((one) => one.state)).toEqual(["lost", "lost", "kept", "sending"]);
    expect(unsent(recovered(bubbles)).map((one) => one.id)).toEqual(["4"]);
    expect(unsent(bubbles).map((one) => one.id)).toEqual(["4"]);
  });

  it("keeps neither the file nor its name", () => {
    expect(JSON.stringify(bubbles)).not.toContain("name");
  });
});

describe("a bubble of the bot's", () => {
  it("keeps what goes with it", () => {
    const shown = { kind: "image", mime: "image/webp", sha256: "ab" } as const;
    const said = { type: "bubble", text: "Safe?", buttons: [], lang: "en", dir: "ltr" } as const;
    const [with_, without] = heard(heard([], { ...said, delivery: "d1", attachments: [shown] }), {
      ...said,
      delivery: "d2",
      attachments: [],
    });
    expect(with_?.attachments).toEqual([shown]);
    expect(without).not.toHaveProperty("attachments");
  });
});

/** An outbox whose ways answer from lists, and what it told. */
function outbox(answers: Partial<Record<string, Uploaded[]>> = {}, ways: Partial<Ways> = {}) {
  const told: string[] = [];
  const sent: string[] = [];
  const next = (id: string): Uploaded => {
    sent.push(id);
    return answers[id]?.shift() ?? "kept";
  };
  const box = new Outbox(
    {
      send: async (message) => next(message.id) as "kept" | "later" | "refused",
      upload: async (id) => next(id),
      pause: async () => undefined,
      ...ways,
    },
    { ended: (id: string, how: Ended) => void told.push(`${id} ${how}`), progress: () => undefined },
  );
  return { box, told, sent };
}

const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

describe("the outbox", () => {
  it("sends words and files in the order they were given, each once", async () => {
    const { box, told, sent } = outbox();
    box.say({ id: "1", kind: "text", text: "before" });
    box.give("2", photo());
    box.give("3", photo());
    box.say({ id: "4", kind: "text", text: "after" });
    box.again("2");
    await settle();
    expect(sent).toEqual(["1", "2", "3", "4"]);
    expect(told).toEqual(["1 kept", "2 kept", "3 kept", "4 kept"]);
  });

  it("tries again on a bad link, and lets nothing overtake", async () => {
    const { box, sent } = outbox({ "1": ["later", "later"] });
    box.give("1", photo());
    box.say({ id: "2", kind: "text", text: "after" });
    await settle();
    expect(sent).toEqual(["1", "1", "1", "2"]);
  });

  it("gives up after eight tries, goes on, and sends it again when asked", async () => {
    const answers = { "1": Array<Uploaded>(8).fill("later") };
    const { box, told } = outbox(answers);
    box.give("1", photo());
    box.say({ id: "2", kind: "text", text: "after" });
    await settle();
    expect(told).toEqual(["1 failed", "2 kept"]);
    expect(box.again("1")).toBe(true);
    await settle();
    expect(told.at(-1)).toBe("1 kept");
    expect(box.again("1")).toBe(false);
  });

  it.each([
    ["too_large", "1 too_large"],
    ["refused", "1 failed"],
  ] as const)("says %s at the first try", async (answer, said) => {
    const { box, told, sent } = outbox({ "1": [answer] });
    box.give("1", photo());
    await settle();
    expect([told, sent]).toEqual([[said], ["1"]]);
  });

  it("stops a file that she takes back, waiting or under way, and goes on", async () => {
    const under: string[] = [];
    const { box, told } = outbox(
      {},
      {
        upload: (id, _file, _progress, signal) =>
          new Promise((done) => {
            under.push(id);
            signal.addEventListener("abort", () => done("cancelled"));
          }),
      },
    );
    box.give("1", photo());
    box.give("2", photo());
    box.say({ id: "3", kind: "text", text: "after" });
    await settle();
    box.cancel("2");
    box.cancel("1");
    await settle();
    expect(under).toEqual(["1"]);
    expect(told).toEqual(["3 kept"]);
    expect(box.again("1")).toBe(false);
  });

  it("sends nothing more once the page is left", async () => {
    const { box, sent } = outbox({ "1": ["later"] }, { pause: () => new Promise(() => undefined) });
    box.say({ id: "1", kind: "text", text: "a" });
    box.say({ id: "2", kind: "text", text: "b" });
    await settle();
    box.close();
    await settle();
    expect(sent).toEqual(["1"]);
  });
});

/** Stands for the browser's request: a test ends it. */
class Request {
  static made: Request[] = [];
  upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {};
  onload: (() => void) | undefined;
  onerror: (() => void) | undefined;
  onabort: (() => void) | undefined;
  status = 0;
  address = "";
  headers: Record<string, string> = {};
  sent: unknown;
  constructor() {
    Request.made.push(this);
  }
  open(_method: string, address: string): void {
    this.address = address;
  }
  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }
  send(data: unknown): void {
    this.sent = data;
  }
  abort(): void {
    this.onabort?.();
  }
  answer(status: number): void {
    this.status = status;
    this.onload?.();
  }
}

describe("an upload", () => {
  beforeEach(() => {
    Request.made = [];
    vi.stubGlobal("XMLHttpRequest", Request);
  });
  afterEach(() => vi.useRealTimers());

  const begin = (stop = new AbortController()) => {
    const parts: number[] = [];
    const done = upload("s".repeat(43), "m1", photo(), (part) => parts.push(part), stop.signal);
    const request = Request.made[0];
    if (!request) throw new Error("nothing was sent");
    return { done, request, parts, stop };
  };

  it("sends the bytes as they are, says what they are, and tells how far it is", async () => {
    const { done, request, parts } = begin();
    request.upload.onprogress?.({ loaded: 1, total: 2 });
    request.answer(202);
    expect(await done).toBe("kept");
    expect(request.address).toBe("/chat/api/files?id=m1&kind=photo&mime=image%2Fjpeg&size=3");
    expect(request.headers["X-Relais-Phone"]).toBe("s".repeat(43));
    expect(request.sent).toBeInstanceOf(Blob);
    expect(parts).toEqual([0.5]);
  });

  it.each([
    [202, "kept"],
    [413, "too_large"],
    [422, "refused"],
    [401, "refused"],
    [408, "later"],
    [429, "later"],
    [503, "later"],
    [0, "later"],
  ])("answered with %i is %s", (status, said) => expect(outcome(status)).toBe(said));

  it("that breaks off goes again, and one that she cancels does not", async () => {
    const broken = begin();
    broken.request.onerror?.();
    expect(await broken.done).toBe("later");
    Request.made = [];
    const taken = begin();
    taken.stop.abort();
    expect(await taken.done).toBe("cancelled");
  });

  it("on a dead link is given up after a minute without a byte", async () => {
    vi.useFakeTimers();
    const { done, request } = begin();
    vi.advanceTimersByTime(50_000);
    request.upload.onprogress?.({ loaded: 1, total: 2 });
    vi.advanceTimersByTime(59_000);
    request.upload.onprogress?.({ loaded: 1, total: 2 });
    vi.advanceTimersByTime(61_000);
    expect(await done).toBe("later");
  });
});

/** A recorder that hands out one piece when it is stopped. */
class Recorder {
  static isTypeSupported = (form: string): boolean => form.startsWith("audio/webm");
  state = "inactive";
  mimeType: string;
  ondataavailable: ((event: { data: Blob }) => void) | null = null;
  onstop: (() => void) | null = null;
  constructor(_stream: unknown, options: { mimeType?: string }) {
    this.mimeType = options.mimeType ?? "";
  }
  start(): void {
    this.state = "recording";
  }
  stop(): void {
    this.state = "inactive";
    this.ondataavailable?.({ data: new Blob(["opus"]) });
    queueMicrotask(() => this.onstop?.());
  }
}

describe("her voice", () => {
  const stop = vi.fn();
  const media = vi.fn(async () => ({ getTracks: () => [{ stop }] }));
  beforeEach(() => {
    stop.mockClear();
    media.mockReset();
    media.mockResolvedValue({ getTracks: () => [{ stop }] });
    vi.stubGlobal("MediaRecorder", Recorder);
    vi.stubGlobal("navigator", { language: "en", mediaDevices: { getUserMedia: media } });
  });

  it("is recorded as Opus, timed, and the microphone is given back", async () => {
    const microphone = await Microphone.open(1000);
    if (typeof microphone === "string") throw new Error(microphone);
    expect(microphone.seconds(4000)).toBe(3);
    const file = await microphone.stop(6000);
    expect(microphone.seconds(99_000)).toBe(5);
    expect([file.kind, file.mime, await file.data.text()]).toEqual(["voice", "audio/webm;codecs=opus", "opus"]);
    expect(stop).toHaveBeenCalledOnce();
  });

  it("that she discards is gone, and the microphone is given back", async () => {
    const microphone = await Microphone.open(0);
    if (typeof microphone === "string") throw new Error(microphone);
    microphone.discard();
    expect(stop).toHaveBeenCalledOnce();
    expect((await microphone.stop(1)).data.size).toBe(0);
  });

  it.each([
    ["NotAllowedError", "denied"],
    ["SecurityError", "denied"],
    ["NotFoundError", "none"],
    ["NotReadableError", "busy"],
  ])("hindered by %s is %s", async (name, why) => {
    const error = Object.assign(new Error("no"), { name });
    media.mockRejectedValueOnce(error);
    expect(await Microphone.open(0)).toBe(why);
    expect(hindrance(error)).toBe(why);
  });

  it("is not offered where a page cannot record", () => {
    expect(canRecord()).toBe(true);
    vi.stubGlobal("navigator", { language: "en" });
    expect(canRecord()).toBe(false);
  });
});
