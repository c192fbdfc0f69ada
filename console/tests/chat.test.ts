/** The chat's pure parts: what stands on the screen, the stream's lines, the phone's storage. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { heard, isExit, marked, unsent, without } from "../src/chat/conversation";
import { type Bubble, newId, newSecret, Phone, phoneName } from "../src/chat/phone";
import { Lines, parse } from "../src/chat/stream";

const said = { type: "bubble", text: "Are you safe?", buttons: [], lang: "en", dir: "ltr" } as const;
const mine: Bubble = { id: "m1", mine: true, text: "yes", state: "sending" };

function storage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
    clear: () => kept.clear(),
    key: (at: number) => [...kept.keys()][at] ?? null,
    get length() {
      return kept.size;
    },
  };
}

beforeEach(() => {
  vi.stubGlobal("localStorage", storage());
  vi.stubGlobal("sessionStorage", storage());
});
afterEach(() => vi.unstubAllGlobals());

describe("bubbles", () => {
  it("are shown once, however often they are delivered", () => {
    const once = heard([], { ...said, delivery: "d1" });
    expect(heard(once, { ...said, delivery: "d1" })).toEqual(once);
  });

  it("are replaced in place by an edit, and keep their name", () => {
    const before = heard(heard([], { ...said, delivery: "d1" }), { ...said, delivery: "d2" });
    const after = heard(before, { ...said, delivery: "d3", text: "☑ one", edit_of: "d1" });
    expect(after.map((one) => [one.id, one.text])).toEqual([
      ["d1", "☑ one"],
      ["d2", said.text],
    ]);
  });

  it("of an edit whose bubble is gone are shown as new", () => {
    expect(heard([], { ...said, delivery: "d3", edit_of: "d1" })).toHaveLength(1);
  });

  it("without a name are each shown", () => {
    const one = heard([], { ...said, delivery: "" });
    expect(heard(one, { ...said, delivery: "" })).toHaveLength(2);
  });

  it("go when the bot takes them back", () => {
    const bubbles = heard([mine], { ...said, delivery: "d1" });
    expect(without(bubbles, ["d1", "unknown"])).toEqual([mine]);
  });

  it("of hers tell how far they are, and a reload sends the rest again", () => {
    expect(marked([mine], "m1", "kept")[0]?.state).toBe("kept");
    expect(unsent([mine, { ...mine, id: "m2", state: "kept" }])).toEqual([mine]);
  });
});

describe("exit words", () => {
  it.each(["00", " 00 ", "x", "X", "✕", "❌", "٠٠", "۰۰", "၀၀", "\u2068✕\u2069"])("%s", (word) => {
    expect(isExit(word)).toBe(true);
  });

  it.each(["0", "000", "xx", "100", "exit plan", ""])("are not: %s", (word) => {
    expect(isExit(word)).toBe(false);
  });
});

describe("stream", () => {
  it("gives whole events, however the bytes were cut", () => {
    const lines = new Lines();
    expect(lines.push(': here\n\ndata: {"type":"ty')).toEqual([]);
    expect(lines.push('ping"}\n\n: ping\n\ndata: {"a":1}\n\n')).toEqual(['{"type":"typing"}', '{"a":1}']);
  });

  it("passes over what is no event", () => {
    expect(parse("{broken")).toBeNull();
    expect(parse("null")).toBeNull();
    expect(parse('{"no":"type"}')).toBeNull();
    expect(parse('{"type":"typing"}')).toEqual({ type: "typing" });
  });
});

describe("phone", () => {
  it("has a secret of 43 characters that stays, and another name has another", () => {
    expect(newSecret()).toMatch(/^[A-Za-z0-9_-]{43}$/u);
    const secret = new Phone("me").secret();
    expect(new Phone("me").secret()).toBe(secret);
    expect(new Phone("responder").secret()).not.toBe(secret);
    expect(newId()).not.toBe(newId());
  });

  it("keeps its history until it is wiped, and writes nothing after that", () => {
    const phone = new Phone("me");
    phone.keep([mine]);
    expect(new Phone("me").history()).toEqual([mine]);
    phone.wipe();
    phone.keep([mine]);
    expect(sessionStorage.length).toBe(0);
    expect(phone.history()).toEqual([]);
  });

  it("lasts as long as the page where nothing may be kept", () => {
    const forbidden = (): never => {
      throw new Error("forbidden");
    };
    vi.stubGlobal("localStorage", { getItem: forbidden, setItem: forbidden });
    const phone = new Phone("me");
    expect(phone.secret()).toBe(phone.secret());
  });

  it("takes only plain names", () => {
    expect(phoneName("?phone=responder-2")).toBe("responder-2");
    expect(phoneName("")).toBe("me");
    expect(phoneName("?phone=<b>")).toBe("me");
  });
});
