/** The vectors of `tests/vectors` for lists of members and grants; Python passes them, too. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { seedOf } from "../src/console/case/granting";
import { base64, type Bytes, fromBase64 } from "../src/crypto/bytes";
import { checkRoster, type Pin, type Signed } from "../src/crypto/roster";
import { RosterError } from "../src/crypto/roster-document";
import { openText } from "../src/crypto/text";
import { keyPair } from "../src/crypto/xwing";

interface Written {
  document: string;
  signature: string;
}

interface RosterCase extends Written {
  name: string;
  after: string | null;
  now: number;
  typescript: string | null;
}

interface Place {
  case: string;
  compartment: string;
  generation: number;
  holder: string;
}

const vectors = JSON.parse(
  readFileSync(new URL("../../tests/vectors/sealing.json", import.meta.url), "utf8"),
) as {
  rosters: { root: string; keys: string[]; chain: Record<string, Written>; cases: RosterCase[] };
  grants: {
    place: Place;
    holder_seed: string;
    other_seed: string;
    seed: string;
    public: string;
    sealed: Record<string, string>;
    refused: { why: string; place: Place; sealed: string; code: string }[];
  };
};
const { rosters, grants } = vectors;

/** A list as the file has it: a letter a byte, long keys by their number. */
function signed(one: Written): Signed {
  const whole = one.document.replace(/<(\d)>/gu, (_all, at: string) => rosters.keys[Number(at)] ?? "");
  return { version: 0, document: btoa(whole), signature: one.signature };
}

/** What a browser remembers that has seen the chain up to this list. */
async function seen(after: string | null): Promise<Pin> {
  let pin: Pin = { root: rosters.root, version: 0, hash: "" };
  if (after === null) return pin;
  for (const [name, one] of Object.entries(rosters.chain)) {
    pin = (await checkRoster(signed(one), pin, 0)).pin;
    if (name === after) break;
  }
  return pin;
}

async function refusalOf(one: RosterCase): Promise<string | null> {
  try {
    await checkRoster(signed(one), await seen(one.after), one.now);
    return null;
  } catch (error) {
    if (error instanceof RosterError) return error.code;
    throw error;
  }
}

describe("a list of members", () => {
  it.each(rosters.cases.map((one) => [one.name, one] as const))("%s", async (_name, one) => {
    expect(await refusalOf(one)).toBe(one.typescript);
  });

  it("is written by both in one way, awkward names too", async () => {
    const odd = rosters.cases.find((one) => one.name.includes("awkward")) as RosterCase;
    const { roster } = await checkRoster(signed(odd), await seen(null), odd.now);
    expect(roster.members[0]?.name).toContain("\u{1f54a}");
  });
});

function context(place: Place) {
  return { ...place, item: place.holder, kind: "grant" };
}

describe("a grant", () => {
  const given = (place: Place, sealed: string) => ({ ...place, public: grants.public, sealed });
  const keysOf = async (seed: string) => ({ kem: await keyPair(fromBase64(seed)) });

  it("gives its holder the compartment's seed", async () => {
    const { place, sealed } = grants;
    const keys = await keysOf(grants.holder_seed);
    const seed = await seedOf(place.case, given(place, sealed["brief"] ?? ""), place.holder, keys);
    expect(base64(seed as Bytes)).toBe(grants.seed);
  });

  it("stays closed to another key", async () => {
    const { place, sealed } = grants;
    const keys = await keysOf(grants.other_seed);
    expect(await seedOf(place.case, given(place, sealed["brief"] ?? ""), place.holder, keys)).toBeNull();
  });

  it("is no grant where its seed does not make the public half shown", async () => {
    const { place, sealed } = grants;
    const keys = await keysOf(grants.holder_seed);
    const medical = { ...place, compartment: "medical" };
    expect(await seedOf(place.case, given(medical, sealed["medical"] ?? ""), place.holder, keys)).toBeNull();
  });

  it.each(grants.refused.map((one) => [one.why, one] as const))("is refused: %s", async (_why, one) => {
    const keys = await keysOf(grants.holder_seed);
    const opened = openText(fromBase64(one.sealed), keys.kem, context(one.place));
    await expect(opened).rejects.toThrow(one.code);
    expect(await seedOf(one.place.case, given(one.place, one.sealed), one.place.holder, keys)).toBeNull();
  });
});
