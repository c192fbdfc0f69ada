/** Signing rosters in the browser, who may sign the next one, and the papers of the recovery key. */

import { describe, expect, it } from "vitest";
import { base64, base64url, type Bytes, fromBase64, random } from "../src/crypto/bytes";
import { freshSeed, type PersonKeys, personKeys } from "../src/crypto/person";
import {
  believeNone,
  checkRoster,
  type Pin,
  pinUnder,
  type Signed,
  signNext,
  type Succession,
} from "../src/crypto/roster";
import type { RosterMember } from "../src/crypto/roster-document";
import { joinShares, makeShares, readShare } from "../src/crypto/shares";
import { publicFromSeed } from "../src/crypto/xwing";
import { addresseeOf, readPackage } from "../src/recovery/opening";

const NOW = Date.parse("2026-11-27T12:00:00Z");
const RECOVERY = { recovery: base64(await publicFromSeed(random(32))), recoveryFrom: "2026-11-27T12:00:00Z" };

async function person(id: string, roles: string[]): Promise<[RosterMember, PersonKeys]> {
  const keys = await personKeys(freshSeed());
  const member = {
    id,
    name: `Member ${id}`,
    organisation: "Lantern",
    roles,
    kem: base64(keys.kem.public),
    sign: base64(keys.sign.public),
  };
  return [member, keys];
}

async function town(): Promise<{ ana: PersonKeys; ben: PersonKeys; cam: PersonKeys; members: RosterMember[]; pin: Pin }> {
  const [ana, anaKeys] = await person("a", ["coordinator"]);
  const [ben, benKeys] = await person("b", ["coordinator", "responder"]);
  const [cam, camKeys] = await person("c", ["responder"]);
  const pin = { root: base64url(anaKeys.sign.public), version: 0, hash: "" };
  return { ana: anaKeys, ben: benKeys, cam: camKeys, members: [ana, ben, cam], pin };
}

function next(
  root: Bytes,
  by: PersonKeys,
  members: readonly RosterMember[],
  before: Succession["before"],
): Promise<Signed> {
  return signNext({ before, members, root, by: by.sign, now: NOW, ...RECOVERY });
}

describe("a roster signed in the browser", () => {
  it("is believed under its root, and names who may sign the next", async () => {
    const { ana, members, pin } = await town();
    const signed = await next(ana.sign.public, ana, members, null);
    const { roster } = await checkRoster(signed, pin, NOW);
    expect(roster.version).toBe(1);
    expect(roster.members.map((one) => one.id)).toEqual(["a", "b", "c"]);
    expect(roster.signers?.map((one) => one.name)).toEqual(["Member b"]);
  });

  it("may be signed by a coordinator for whom the root vouched", async () => {
    const { ana, ben, members, pin } = await town();
    const first = await checkRoster(await next(ana.sign.public, ana, members, null), pin, NOW);
    const before = { roster: first.roster, hash: first.pin.hash };
    const second = await next(ana.sign.public, ben, members, before);
    const { roster } = await checkRoster(second, first.pin, NOW);
    expect(roster.version).toBe(2);
    expect(roster.previous).toBe(first.pin.hash);
  });

  it("is refused from a member who is no coordinator, and from a stranger", async () => {
    const { ana, cam, members, pin } = await town();
    const first = await checkRoster(await next(ana.sign.public, ana, members, null), pin, NOW);
    const before = { roster: first.roster, hash: first.pin.hash };
    const stranger = await personKeys(freshSeed());
    for (const by of [cam, stranger]) {
      const signed = await next(ana.sign.public, by, members, before);
      await expect(checkRoster(signed, first.pin, NOW)).rejects.toThrow("other_signer");
    }
  });

  it("is signed for the first time by the root alone", async () => {
    const { ana, ben, members } = await town();
    await expect(next(ana.sign.public, ben, members, null)).rejects.toThrow("not_root");
  });

  it("vouches once for a key that two coordinators show", async () => {
    const { ana, members, pin } = await town();
    const [first, second] = members as [RosterMember, RosterMember];
    const twin = { ...second, id: "d", name: "Twin" };
    const signed = await next(ana.sign.public, ana, [first, second, twin], null);
    const { roster } = await checkRoster(signed, pin, NOW);
    expect(roster.signers).toHaveLength(1);
  });

  it("revokes who is no coordinator any more, for good", async () => {
    const { ana, ben, members, pin } = await town();
    const root = ana.sign.public;
    const first = await checkRoster(await next(root, ana, members, null), pin, NOW);
    const without = members.map((one) => (one.id === "b" ? { ...one, roles: ["responder"] } : one));
    const second = await checkRoster(
      await next(root, ana, without, { roster: first.roster, hash: first.pin.hash }),
      first.pin,
      NOW,
    );
    expect(second.roster.revoked).toEqual([base64(ben.sign.public)]);
    const forged = await next(root, ben, members, { roster: first.roster, hash: first.pin.hash });
    const third = await next(root, ben, members, {
      roster: { ...first.roster, version: 2 },
      hash: second.pin.hash,
    });
    await expect(checkRoster(forged, second.pin, NOW)).rejects.toThrow("forked");
    await expect(checkRoster(third, second.pin, NOW)).rejects.toThrow("revoked");
  });

  it("does not believe a vouching that was moved to another root or name", async () => {
    const { ana, ben, members, pin } = await town();
    const signed = await next(ana.sign.public, ana, members, null);
    const other = await personKeys(freshSeed());
    const foreign = { ...pin, root: base64url(other.sign.public) };
    await expect(checkRoster(signed, foreign, NOW)).rejects.toThrow("other_signer");
    const { roster } = await checkRoster(signed, pin, NOW);
    const vouched = (roster.signers ?? []).map((one) => ({ ...one, name: "Somebody else" }));
    const moved = await next(ana.sign.public, ben, members, {
      roster: { ...roster, signers: vouched },
      hash: "",
    });
    await expect(checkRoster(moved, pin, NOW)).rejects.toThrow("other_signer");
  });
});

describe("a server that shows no roster", () => {
  it("is believed by a browser that never saw one, and by no other", async () => {
    const { ana, members, pin } = await town();
    believeNone(null);
    believeNone(pin);
    const seen = await checkRoster(await next(ana.sign.public, ana, members, null), pin, NOW);
    expect(() => believeNone(seen.pin)).toThrow("missing");
  });

  it("does not make a browser forget what it saw under the same root by another invitation", async () => {
    const { ana, ben, members, pin } = await town();
    const seen = await checkRoster(await next(ana.sign.public, ana, members, null), pin, NOW);
    expect(pinUnder(base64(ana.sign.public), seen.pin)).toEqual(seen.pin);
    const other = base64url(ben.sign.public);
    expect(pinUnder(other, seen.pin)).toEqual({ root: other, version: 0, hash: "" });
    expect(pinUnder(other, null)).toEqual({ root: other, version: 0, hash: "" });
  });
});

describe("papers of the recovery key", () => {
  it("give the seed back, any of them that are enough", async () => {
    const seed = freshSeed();
    const key = random(1216);
    const papers = await makeShares(seed, key, 5, 3);
    for (const chosen of [[0, 1, 2], [4, 2, 0], [0, 1, 2, 3, 4]]) {
      const shares = await Promise.all(chosen.map((at) => readShare(papers[at] ?? "")));
      expect(base64(await joinShares(shares))).toBe(base64(seed));
    }
  });

  it("forgive case, spaces and look-alikes, and find a slip", async () => {
    const papers = await makeShares(freshSeed(), random(1216), 3, 2);
    const paper = papers[0] ?? "";
    const typed = paper.toLowerCase().replaceAll(" ", "-").replaceAll("0", "o").replaceAll("1", "l");
    expect(await readShare(typed)).toEqual(await readShare(paper));
    const at = paper.length - 6;
    const slip = paper.slice(0, at) + (paper[at] === "A" ? "B" : "A") + paper.slice(at + 1);
    await expect(readShare(slip)).rejects.toThrow("mistyped");
    await expect(readShare("hello!")).rejects.toThrow("unreadable");
    await expect(readShare("")).rejects.toThrow("unreadable");
  });

  it("are refused when too few, twice the same, or of two keys", async () => {
    const papers = await makeShares(freshSeed(), random(1216), 3, 2);
    const other = await makeShares(freshSeed(), random(1216), 3, 2);
    const [a, b] = await Promise.all([papers[0], other[1]].map((one) => readShare(one ?? "")));
    if (!a || !b) throw new Error();
    await expect(joinShares([a])).rejects.toThrow("too_few");
    await expect(joinShares([a, a])).rejects.toThrow("twice");
    await expect(joinShares([a, b])).rejects.toThrow("other_key");
  });

  it("tell nothing of the seed below the number that is needed", async () => {
    const seed = new Uint8Array(32);
    const papers = await makeShares(seed, random(1216), 3, 2);
    const share = await readShare(papers[0] ?? "");
    expect(share.part.slice(0, 32).some((byte) => byte !== 0)).toBe(true);
    expect(fromBase64(base64(seed))).toEqual(seed);
  });
});

describe("whom a recovery package is for", () => {
  async function bundle(change: object = {}): Promise<{ text: string; members: RosterMember[] }> {
    const { ana, members } = await town();
    const signed = await next(ana.sign.public, ana, members, null);
    const cases = [{ id: "c", code: "K7Q4", grants: [] }];
    const made = { format: 2, to: "b", root: base64(ana.sign.public), cases, ...signed, ...change };
    return { text: JSON.stringify(made), members };
  }

  it("is read from the list that the root signed, with words to compare", async () => {
    const { text, members } = await bundle({ kem: base64(random(1216)) });
    const { member, words, root } = await addresseeOf(readPackage(text), NOW);
    expect(member.kem).toBe(members[1]?.kem);
    expect(words.split(" ")).toHaveLength(6);
    expect(root).toMatch(/^[0-9a-f ]+$/iu);
  });

  it("is nobody whom the list does not name, nor of a list that was changed", async () => {
    const other = await bundle();
    const { document } = JSON.parse(other.text) as { document: string };
    const changes = [{ to: "z" }, { document }, { root: base64(random(32)) }, { signature: "AA==" }];
    for (const change of changes) {
      const { text } = await bundle(change);
      await expect(addresseeOf(readPackage(text), NOW)).rejects.toThrow("unsigned");
    }
  });

  it("is not read from a list that is over", async () => {
    const { text } = await bundle();
    const later = NOW + 91 * 86_400_000;
    await expect(addresseeOf(readPackage(text), later)).rejects.toThrow("expired");
  });

  it("is not believed of an earlier version, nor of no package at all", async () => {
    expect(() => readPackage('{"format":1,"to":"b","kem":"AA==","cases":[{}]}')).toThrow("older");
    for (const text of ["", "{}", "[]", '{"format":2}']) expect(() => readPackage(text)).toThrow("none");
  });
});
