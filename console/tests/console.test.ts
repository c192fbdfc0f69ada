/** The console's pure parts: routes, idle lock, language, labels, words, tonight, an opened case. */

import { afterEach, describe, expect, it } from "vitest";
import type { CaseFile, CaseLine, Item, Tonight } from "../src/api/types";
import { firstWrong } from "../src/console/enrol/words";
import { IDLE_MS, idleState, WARN_MS } from "../src/console/idle";
import { question, valueText } from "../src/console/case/labels";
import { fileName, sniffed } from "../src/console/case/files";
import { type Answer, type FileFacts, freshMemory, latest, openCase, signedStep, STEP } from "../src/console/case/opened";
import { parseRoute } from "../src/console/route";
import { newcomers } from "../src/console/tonight/watch";
import { base64, fromBase64, random, utf8 } from "../src/crypto/bytes";
import { personKeys, type PersonKeys } from "../src/crypto/person";
import { sealText } from "../src/crypto/text";
import { keyPair } from "../src/crypto/xwing";
import { speak, t } from "../src/shared/i18n";

afterEach(() => speak("en", { texts: {}, dir: "ltr" }));

const CASE = "c".repeat(32);
const ME = "m".repeat(32);
const line: CaseLine = {
  id: CASE,
  code: "K7Q4",
  status: "taken",
  urgency: "high",
  needs: ["health_medical_service"],
  area: "River Town",
  deadline: null,
  taker: "A",
  created_at: "2026-11-24T12:00:00Z",
  mine: true,
  answered: false,
};

const answer = (more: Partial<Answer>): Answer => ({
  kind: "answer",
  id: "1",
  step: "age_band",
  telling: "",
  compartment: "brief",
  generation: 1,
  part: 0,
  prompt: "int/age_band/text",
  value: null,
  text: null,
  locale: "en",
  at: "2026-11-24T12:00:00Z",
  before: [],
  ...more,
});

describe("routes", () => {
  it("read the fragment", () => {
    expect(parseRoute("#/invite/tok/root")).toEqual({ page: "invite", token: "tok", root: "root" });
    expect(parseRoute("#/case/abc")).toEqual({ page: "case", id: "abc" });
    expect(parseRoute("#/messengers")).toEqual({ page: "messengers" });
    for (const other of ["", "#/", "#/case", "#/%E0%A4%A"]) {
      expect(parseRoute(other)).toEqual({ page: "tonight" });
    }
  });
});

describe("idle lock", () => {
  it("warns half a minute before, and locks after five", () => {
    expect(idleState(0, IDLE_MS - WARN_MS - 1)).toBeNull();
    expect(idleState(0, IDLE_MS - WARN_MS)).toBe(30);
    expect(idleState(0, IDLE_MS)).toBe("lock");
    expect(idleState(0, IDLE_MS * 100)).toBe("lock");
  });
});

describe("texts", () => {
  it("are the English source until a catalogue speaks, with their places filled", () => {
    expect(t("Take {code}", { code: "K7Q4" })).toBe("Take K7Q4");
    expect(t("Take {code}")).toBe("Take {code}");
    speak("fr", { texts: { "Take {code}": "Prendre {code}", Pass: "" }, dir: "ltr" });
    expect(t("Take {code}", { code: "K7Q4" })).toBe("Prendre K7Q4");
    expect(t("Pass")).toBe("Pass");
  });

  it("isolate foreign parts in a right-to-left sentence", () => {
    speak("ar", { texts: {}, dir: "rtl" });
    expect(t("Take {code}", { code: "K7Q4" })).toBe("Take \u2068K7Q4\u2069");
  });
});

describe("labels", () => {
  const labels = {
    "int/age_band/text": "How old is {name}?",
    "int/age_band/options/26_40": "26 to 40",
    "areas/x-1": "River Town",
  };

  it("say values in the interview's words, and show a code they do not know", () => {
    expect(question(labels, answer({}))).toBe("How old is …?");
    expect(question({}, answer({}))).toBe("age_band");
    expect(valueText(labels, answer({ value: "26_40" }))).toBe("26 to 40");
    expect(valueText(labels, answer({ value: "x-1" }))).toBe("River Town");
    expect(valueText(labels, answer({ value: ["26_40", "new"] }))).toBe("26 to 40 and new");
    expect(valueText(labels, answer({ value: null }))).toBe("Skipped");
    expect(valueText(labels, answer({ value: 1200 }))).toBe("1,200");
    expect(valueText(labels, answer({ value: true }))).toBe("Yes");
  });

  it("say dates as far as they are known", () => {
    const dated = (value: object): string => valueText({}, answer({ value }));
    expect(dated({ precision: "day", year: 2026, month: 5, day: 12 })).toBe("May 12, 2026");
    expect(dated({ precision: "month", year: 2026, month: 5 })).toBe("May 2026");
    expect(dated({ precision: "year", year: 2026 })).toBe("2026");
  });

  it("put the last answer first and the earlier ones behind it", () => {
    const first = answer({ id: "1", value: "a", at: "2026-11-24T12:00:00Z" });
    const second = answer({ id: "2", value: "b", at: "2026-11-24T12:05:00Z" });
    const [only] = latest([second, first]);
    expect(only?.value).toBe("b");
    expect(only?.before.map((one) => one.value)).toEqual(["a"]);
  });
});

describe("six words typed back", () => {
  const words = ["one", "two", "three"];
  it("name the first that differs", () => {
    expect(firstWrong(["one", "two", "three"], words)).toBe(0);
    expect(firstWrong(["one", "too", "three"], words)).toBe(2);
    expect(firstWrong(["one", "two"], words)).toBe(3);
    expect(firstWrong(["one", "two", "three", "four"], words)).toBe(4);
  });
});

describe("tonight", () => {
  it("tells new alerts from those that were there, and none at the first look", () => {
    const before: Tonight = { open: [line], mine: [], accounts: [], now: "" };
    const after: Tonight = { ...before, open: [line, { ...line, id: "2", code: "B2C3" }] };
    expect(newcomers(null, after)).toEqual([]);
    expect(newcomers(before, after).map((one) => one.code)).toEqual(["B2C3"]);
  });
});

async function granted(name: string, keys: PersonKeys, shown?: Uint8Array) {
  const seed = random(32);
  const pair = await keyPair(seed);
  const place = { case: CASE, compartment: name, generation: 1, item: ME, kind: "grant" };
  const grant = {
    compartment: name,
    generation: 1,
    public: base64(shown ?? pair.public),
    sealed: base64(await sealText(seed, keys.kem.public, place)),
    holder: ME,
  };
  const item = async (id: string, kind: string, plain: object): Promise<Item> => {
    const context = { case: CASE, compartment: name, generation: 1, item: id, kind };
    const sealed = base64(await sealText(utf8(JSON.stringify(plain)), pair.public, context));
    return { id, compartment: name, generation: 1, kind, sealed, made_at: "2026-11-24T12:00:00Z" };
  };
  return { grant, item };
}

describe("an opened case", () => {
  it("shows answers, consents and notes, hides the exclusion, and counts what stays closed", async () => {
    const keys = await personKeys(random(32));
    const brief = await granted("brief", keys);
    const team = await granted("team", keys);
    const perpetrator = await granted("perpetrator", keys);
    const foreign = await granted("medical", await personKeys(random(32)));
    const file: CaseFile = {
      case: line,
      content: "h",
      interview: "int",
      grants: [brief.grant, team.grant, perpetrator.grant, foreign.grant],
      items: [
        await brief.item("1", "answer", { step: "age_band", value: "26_40", prompt: "p", at: "1" }),
        await brief.item("2", "consent", { purpose: "services", answer: "yes", organisations: ["A"] }),
        await perpetrator.item("3", "answer", { step: "exclude", value: ["A"], prompt: "p" }),
        await team.item("4", "step", { text: "<b>wrote</b>", by: "A" }),
        await foreign.item("5", "answer", { step: "hurt", value: "yes", prompt: "p" }),
      ],
      log: [],
      own: true,
      referral: null,
    };
    const opened = await openCase(file, ME, keys, freshMemory());
    expect(opened.compartments.map((one) => [one.name, one.answers.length, one.closed])).toEqual([
      ["brief", 1, 0],
      ["medical", 0, 1],
    ]);
    expect(opened.consents.map((one) => one.purpose)).toEqual(["services"]);
    expect(opened.notes.map((one) => one.text)).toEqual(["<b>wrote</b>"]);
    expect(opened.team?.generation).toBe(1);
  });

  it("shows each file as a line of its own, and that one was taken back", async () => {
    const keys = await personKeys(random(32));
    const evidence = await granted("evidence", keys);
    const sent = { step: "files", prompt: "p", media: "photo", file: "f".repeat(32), preview: null };
    const file: CaseFile = {
      case: line,
      content: "h",
      interview: "int",
      grants: [evidence.grant],
      items: [
        await evidence.item("1", "file", { ...sent, item: 1, size: 1_234_567, at: "1" }),
        await evidence.item("2", "file", { ...sent, item: 2, size: 999, at: "2" }),
        await evidence.item("3", "file", { step: "files", item: 2, taken_back: true, at: "3" }),
      ],
      log: [],
      own: true,
      referral: null,
    };
    const [place] = (await openCase(file, ME, keys, freshMemory())).compartments;
    expect(place?.answers.map((one) => [one.step, valueText({}, one), one.before.length])).toEqual([
      ["files#1", "A file: photo, 1.2 MB", 0],
      ["files#2", "The person took this file back after sending it", 1],
    ]);
  });

  it("seals no note to a key that is not the grant's", async () => {
    const keys = await personKeys(random(32));
    const team = await granted("team", keys, random(1216));
    const file: CaseFile = {
      case: line,
      content: "h",
      interview: "int",
      grants: [team.grant],
      items: [],
      log: [],
      own: true,
      referral: null,
    };
    const opened = await openCase(file, ME, keys, freshMemory());
    expect(opened.team).toBeNull();
    expect(opened.spoiled).toEqual([{ compartment: "team", generation: 1 }]);
  });
});

describe("a note", () => {
  it("is its author's if the list has them and they signed exactly this", async () => {
    const keys = await personKeys(random(32));
    const other = await personKeys(random(32));
    const team = await granted("team", keys);
    const item = await team.item("a1", "step", { text: "called", by: "Somebody", at: "1" });
    const context = { case: CASE, compartment: "team", generation: 1, item: "a1", kind: "step" };
    const what = await signedStep(context, fromBase64(item.sealed));
    const signature = base64(await keys.sign.sign(STEP, what));
    const member = { id: ME, name: "Ada", organisation: "L", roles: [], kem: "", sign: base64(keys.sign.public) };
    const notes = async (change: object, members = [member]) => {
      const file: CaseFile = {
        case: line,
        content: "h",
        interview: "int",
        grants: [team.grant],
        items: [{ ...item, author: ME, signature, ...change }],
        log: [],
      own: true,
      referral: null,
      };
      const [note] = (await openCase(file, ME, keys, freshMemory(), members)).notes;
      return [note?.by, note?.signed];
    };
    expect(await notes({})).toEqual(["Ada", true]);
    expect(await notes({}, [])).toEqual(["Somebody", false]);
    expect(await notes({ signature: null })).toEqual(["Somebody", false]);
    expect(await notes({}, [{ ...member, sign: base64(other.sign.public) }])).toEqual(["Somebody", false]);
    expect(await notes({ author: "f".repeat(32) })).toEqual(["Somebody", false]);
  });
});

describe("several tellings", () => {
  it("never put one's answer behind another's", () => {
    const first = answer({ id: "1", value: "12_17", at: "2026-11-24T12:00:00Z" });
    const second = answer({ id: "2", value: "18_25", telling: "ab12", at: "2026-11-25T12:00:00Z" });
    const changed = answer({ id: "3", value: "26_40", telling: "ab12", at: "2026-11-26T12:00:00Z" });
    const shown = latest([changed, first, second]);
    expect(shown.map((one) => [one.id, one.before.map((before) => before.id)])).toEqual([
      ["1", []],
      ["3", ["2"]],
    ]);
  });
});

describe("files", () => {
  const facts: FileFacts = {
    file: "0123456789abcdef",
    media: "photo",
    mime: "image/jpeg; charset=x",
    size: 1,
    sha256: "",
    preview: true,
    takenBack: false,
  };

  it("are shown by their first bytes, never by what they say of themselves", () => {
    const svg = new TextEncoder().encode("<svg xmlns='http://www.w3.org/2000/svg'/>");
    expect(sniffed(svg)).toBe("");
    expect(sniffed(new TextEncoder().encode("<html>"))).toBe("");
    expect(sniffed(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).toBe("image/jpeg");
    expect(sniffed(Uint8Array.of(0x89, 0x50, 0x4e, 0x47))).toBe("image/png");
    expect(sniffed(new TextEncoder().encode("RIFF0000WEBP"))).toBe("image/webp");
    expect(sniffed(new TextEncoder().encode("RIFF0000WAVE"))).toBe("");
  });

  it("get names that tell nothing and end in nothing that runs", () => {
    expect(fileName("K7Q4", facts)).toBe("K7Q4-01234567.jpg");
    for (const mime of ["text/html", "application/x-msdownload", "image/svg+xml", "", "../../x"]) {
      expect(fileName("K7Q4", { ...facts, mime })).toBe("K7Q4-01234567.bin");
    }
  });
});
