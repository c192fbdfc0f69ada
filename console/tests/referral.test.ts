/** Referring a case: what is sealed, to whom, and what opens it; what Tonight shows first. */

import { describe, expect, it } from "vitest";
import type { CaseFile, Grant, Referral, ReferralState } from "../src/api/types";
import { sealedParts } from "../src/console/case/granting";
import { freshMemory, openCase } from "../src/console/case/opened";
import { shown } from "../src/console/tonight/referred";
import { base64, random, utf8 } from "../src/crypto/bytes";
import { personKeys, type PersonKeys } from "../src/crypto/person";
import type { RosterMember } from "../src/crypto/roster-document";
import { sealText } from "../src/crypto/text";
import { keyPair } from "../src/crypto/xwing";

const CASE = "c".repeat(32);
const ANA = "a".repeat(32);
const BEN = "b".repeat(32);

const person = (): Promise<PersonKeys> => personKeys(random(32));

function member(keys: PersonKeys): RosterMember {
  return {
    id: BEN,
    name: "Ben",
    organisation: "Harbour",
    roles: ["responder"],
    kem: base64(keys.kem.public),
    sign: base64(keys.sign.public),
  };
}

/** A compartment of the case with its key for Ana, and an item in it. */
async function part(name: string, generation: number, ana: PersonKeys) {
  const seed = random(32);
  const pair = await keyPair(seed);
  const place = { case: CASE, compartment: name, generation };
  const grant: Grant = {
    compartment: name,
    generation,
    public: base64(pair.public),
    sealed: base64(await sealText(seed, ana.kem.public, { ...place, item: ANA, kind: "grant" })),
    holder: ANA,
  };
  const id = `${name}${generation}`;
  const content = JSON.stringify({ step: id, prompt: "p", text: `words of ${id}`, locale: "en", at: "2026-11-24T12:00:00Z" });
  const sealed = await sealText(utf8(content), pair.public, { ...place, item: id, kind: "answer" });
  const item = { id, compartment: name, generation, kind: "answer", sealed: base64(sealed), made_at: "2026-11-24T12:00:00Z" };
  return { grant, item };
}

/** As the server would hand out these keys with every item of the case. */
function served(grants: readonly Grant[], items: CaseFile["items"]): CaseFile {
  const line = {
    id: CASE, code: "K7Q4", status: "taken", urgency: "high", needs: [], area: "", deadline: null,
    taker: "Ana", created_at: "", mine: false, answered: false,
  };
  return { case: line, content: "", interview: "", grants, items, log: [], own: false, referral: null };
}

describe("a referral", () => {
  it("seals exactly the chosen parts, of every generation, and the receiver opens those alone", async () => {
    const [ana, ben] = [await person(), await person()];
    const parts = [await part("brief", 1, ana), await part("brief", 2, ana), await part("medical", 1, ana), await part("team", 1, ana)];
    const grants = parts.map((one) => one.grant);
    const made = await sealedParts(CASE, grants, ["brief", "team"], ANA, ana, member(ben));
    expect(made?.map((one) => `${one.compartment}/${one.generation}/${one.holder}`)).toEqual([
      `brief/1/${BEN}`, `brief/2/${BEN}`, `team/1/${BEN}`,
    ]);
    const keys = (made ?? []).map((one) => ({
      ...one,
      public: grants.find((two) => two.compartment === one.compartment && two.generation === one.generation)?.public ?? "",
    }));
    const opened = await openCase(served(keys, parts.map((one) => one.item)), BEN, ben, freshMemory());
    const words = opened.compartments.flatMap((one) => one.answers.map((answer) => answer.text));
    expect(words.sort()).toEqual(["words of brief1", "words of brief2", "words of team1"]);
    expect(opened.compartments.find((one) => one.name === "medical")).toMatchObject({ answers: [], closed: 1 });
  });

  it("is opened by nobody but the receiver", async () => {
    const [ana, ben, eve] = [await person(), await person(), await person()];
    const one = await part("brief", 1, ana);
    const made = await sealedParts(CASE, [one.grant], ["brief"], ANA, ana, member(ben));
    const keys = (made ?? []).map((key) => ({ ...key, public: one.grant.public }));
    const opened = await openCase(served(keys, [one.item]), BEN, eve, freshMemory());
    expect(opened.spoiled).toHaveLength(1);
    expect(opened.compartments).toMatchObject([{ answers: [], closed: 1 }]);
  });

  it("is not made at all when a chosen part does not open here", async () => {
    const [ana, ben] = [await person(), await person()];
    const brief = await part("brief", 1, ana);
    const foreign = await part("medical", 1, ben);
    const grants = [brief.grant, foreign.grant];
    expect(await sealedParts(CASE, grants, ["brief", "medical"], ANA, ana, member(ben))).toBeNull();
    expect(await sealedParts(CASE, grants, ["brief", "account"], ANA, ana, member(ben))).toBeNull();
  });

  it("is never sealed with a key that is not the compartment's", async () => {
    const [ana, ben] = [await person(), await person()];
    const [brief, other] = [await part("brief", 1, ana), await part("brief", 1, ana)];
    const swapped = { ...brief.grant, public: other.grant.public };
    expect(await sealedParts(CASE, [swapped], ["brief"], ANA, ana, member(ben))).toBeNull();
  });
});

describe("referred to me", () => {
  it("shows what waits or is read first, and of the rest the last three", () => {
    const of = (id: string, status: ReferralState): Referral => ({ id, status }) as Referral;
    const all = [of("1", "done"), of("2", "revoked"), of("3", "in_progress"), of("4", "done"), of("5", "rejected"), of("6", "accepted")];
    expect(shown(all).map((one) => one.id)).toEqual(["3", "6", "1", "2", "4"]);
  });
});
