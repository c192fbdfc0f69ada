/** Unlocking against a server that lies about the list of members. */

import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Invitation, Me } from "../src/api/types";
import { look } from "../src/console/enrol/make";
import { lastRoster, type Open, takeUp, unlockAgain, UnknownRoot } from "../src/console/session";
import { fromBase64 } from "../src/crypto/bytes";
import { freshSeed, personKeys } from "../src/crypto/person";
import { readPin, writePin } from "../src/crypto/pins";
import { checkRoster, type Pin, type Signed, signNext } from "../src/crypto/roster";
import { explain } from "../src/shared/explain";

interface Written {
  document: string;
  signature: string;
}

const vectors = JSON.parse(
  readFileSync(new URL("../../tests/vectors/sealing.json", import.meta.url), "utf8"),
) as {
  person: { name: string; passphrase: string; salt: string; wrapped: string };
  rosters: { root: string; keys: string[]; chain: Record<"first" | "second", Written> };
};
const { person, rosters } = vectors;
vi.setConfig({ testTimeout: 60_000 }); // six words are stretched on purpose
const IN_FORCE = Date.parse("2026-11-24T12:00:00Z");
const OVER = Date.parse("2027-02-24T12:00:00Z");
const UNSEEN: Pin = { root: rosters.root, version: 0, hash: "" };
const me: Me = {
  id: "m".repeat(32),
  name: person.name,
  organisation: "Lantern",
  roles: ["coordinator"],
  locale: "en",
  on_call: false,
  links: [],
  roster_version: 1,
  wrapped_seed: person.wrapped,
};

function listed(name: "first" | "second"): Signed {
  const one = rosters.chain[name];
  const whole = one.document.replace(/<(\d)>/gu, (_all, at: string) => rosters.keys[Number(at)] ?? "");
  return { version: 9, document: btoa(whole), signature: one.signature };
}

/** What the server answers, by path; anything else is not there. */
let answers: Record<string, unknown>;
let shelf: Map<string, string>;

/** The server shows this list as the one in force, and as the newest. */
function shows(signed: Signed): void {
  answers["/v1/roster"] = signed;
  answers["/v1/roster/last"] = signed;
}

function hides(): void {
  delete answers["/v1/roster"];
  delete answers["/v1/roster/last"];
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: IN_FORCE });
  shelf = new Map();
  const argon = { salt: person.salt, memory_kib: 65536, passes: 3, lanes: 1 };
  answers = { "/v1/login/start": { argon } };
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => shelf.get(key) ?? null,
    setItem: (key: string, value: string) => void shelf.set(key, value),
  });
  vi.stubGlobal("fetch", (path: string) =>
    Promise.resolve(
      path in answers
        ? Response.json(answers[path])
        : Response.json({ code: "no_roster" }, { status: 404 }),
    ),
  );
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const unlocked = (root: string | null = null): Promise<Open> => unlockAgain(me, person.passphrase, root);
const remembered = (): Pin | null => readPin(localStorage, me.name);

/** An earlier day, at which this browser was shown this list. */
async function saw(name: "first" | "second"): Promise<void> {
  writePin(localStorage, me.name, (await checkRoster(listed(name), UNSEEN, 0)).pin);
}

async function saying(refused: Promise<unknown>): Promise<string> {
  return explain(await refused.then(() => new Error("not refused"), (error: unknown) => error));
}

/** An unlocked console, without the long way there. */
async function open(pin: Pin | null): Promise<Open> {
  const seed = freshSeed();
  return { me, keys: await personKeys(seed), seed, roster: null, over: false, pin, admitted: false };
}

describe("unlocking", () => {
  it("opens without a list where this browser never saw one", async () => {
    const first = await unlocked();
    expect([first.roster, first.pin, first.over]).toEqual([null, null, false]);
    writePin(localStorage, me.name, UNSEEN);
    expect((await unlocked()).roster).toBeNull();
  });

  it("is refused without a list where this browser has seen one", async () => {
    shows(listed("first"));
    expect((await unlocked(rosters.root)).roster?.version).toBe(1);
    hides();
    expect(await saying(unlocked())).toContain("the server shows none");
    expect(await saying(unlocked(rosters.root))).toContain("the server shows none");
  });

  it("is refused with a lower list than this browser has seen", async () => {
    await saw("second");
    shows(listed("first"));
    expect(await saying(unlocked())).toContain("an older or a different list");
    vi.setSystemTime(OVER);
    delete answers["/v1/roster"];
    expect(await saying(unlocked())).toContain("an older or a different list");
    expect(remembered()?.version).toBe(2);
  });

  it("seals to nobody of a list that is over, and remembers it", async () => {
    vi.setSystemTime(OVER);
    shows(listed("second"));
    const late = await unlocked(rosters.root);
    expect([late.roster, late.over, late.admitted]).toEqual([null, true, false]);
    expect(remembered()?.version).toBe(2);
  });

  it("asks to compare the root of a list that is over, too", async () => {
    vi.setSystemTime(OVER);
    answers["/v1/roster/last"] = listed("first");
    await expect(unlocked()).rejects.toThrow(UnknownRoot);
    expect(remembered()).toBeNull();
  });
});

describe("what the next list follows", () => {
  it("is nothing where there never was one", async () => {
    expect(await lastRoster(await open(null))).toBeNull();
    expect(await lastRoster(await open(UNSEEN))).toBeNull();
  });

  it("is refused where the server hides it", async () => {
    shows(listed("first"));
    const here = await open(UNSEEN);
    expect((await lastRoster(here))?.roster.version).toBe(1);
    hides();
    expect(await saying(lastRoster(here))).toContain("the server shows none");
  });

  it("is refused where it is lower than one that this browser saw since", async () => {
    const here = await open(UNSEEN);
    shows(listed("second"));
    expect((await lastRoster(here))?.roster.version).toBe(2);
    shows(listed("first"));
    expect(await saying(lastRoster(here))).toContain("an older or a different list");
    expect(await saying(takeUp(here, listed("first"), rosters.root))).toContain("an older");
  });

  it("is refused under a root that nobody compared", async () => {
    shows(listed("first"));
    expect(await saying(lastRoster(await open(null)))).toContain("compare the root");
  });

  it("is never a first one under somebody else's root", async () => {
    const { keys } = await open(UNSEEN);
    const root = fromBase64(rosters.root);
    const first = { before: null, members: [], recovery: "", recoveryFrom: "", now: IN_FORCE };
    expect(await saying(signNext({ ...first, root, by: keys.sign }))).toContain("Nothing was signed");
  });
});

describe("an invitation", () => {
  const invited = (roster: Signed | null): void => {
    const invitation: Partial<Invitation> = { member: me.name, roster };
    answers["/v1/invitations/t"] = invitation;
  };

  it("makes this browser remember the list that came with it", async () => {
    invited(listed("first"));
    expect((await look("t", rosters.root)).pin?.version).toBe(1);
    invited(null);
    expect((await look("t", rosters.root)).pin).toEqual(UNSEEN);
    expect((await look("t", "")).pin).toBeNull();
  });

  it("takes nothing back that this browser saw under the same root", async () => {
    await saw("second");
    invited(null);
    expect((await look("t", rosters.root)).pin).toEqual(remembered());
    invited(listed("first"));
    expect(await saying(look("t", rosters.root))).toContain("an older or a different list");
  });
});
