/** The member's own key, the six words and the roster. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Argon, checkArgon, normalisePassphrase, stretch } from "../src/crypto/argon";
import { base64, type Bytes, fromBase64, hex, random, sha256, utf8 } from "../src/crypto/bytes";
import { asWritten, draw, sixWords, wordList } from "../src/crypto/passphrase";
import { freshSeed, personKeys, unwrapSeed, wrapSeed } from "../src/crypto/person";
import { readPin, writePin } from "../src/crypto/pins";
import { admitted, checkRoster, type Pin, type Signed } from "../src/crypto/roster";
import { signer, verify } from "../src/crypto/signing";

const vectors = JSON.parse(
  readFileSync(new URL("../../tests/vectors/sealing.json", import.meta.url), "utf8"),
) as { person: Record<string, string>; roster: Signed & { root: string } };
const person = vectors.person as Record<
  "name" | "passphrase" | "salt" | "seed" | "login" | "wrapped" | "kem_public" | "sign_public",
  string
>;
const argon: Argon = { salt: fromBase64(person.salt), memoryKib: 65536, passes: 3, lanes: 1 };
const NOW = Date.parse("2026-11-24T12:00:00Z");
const pin: Pin = { root: vectors.roster.root, version: 0, hash: "" };

describe("a signing key", () => {
  it("signs nothing once it is let go", async () => {
    const keys = await personKeys(freshSeed());
    const what = utf8("words");
    const signature = await keys.sign.sign("test", what);
    expect(await verify(keys.sign.public, "test", what, signature)).toBe(true);
    keys.sign.forget();
    await expect(keys.sign.sign("test", what)).rejects.toThrow("forgotten");
  });
});

describe("person key", () => {
  it("is opened by the words, as Python wrapped it", async () => {
    const secrets = await stretch(person.passphrase, argon);
    expect(base64(secrets.login)).toBe(person.login);
    const seed = await unwrapSeed(fromBase64(person.wrapped), secrets.wrap, person.name);
    expect(base64(seed)).toBe(person.seed);
    const keys = await personKeys(seed);
    expect(base64(keys.kem.public)).toBe(person.kem_public);
    expect(base64(keys.sign.public)).toBe(person.sign_public);
  });

  it("stays closed under other words and under another name", async () => {
    const seed = freshSeed();
    const wrap = random(32);
    const wrapped = await wrapSeed(seed, wrap, "A");
    expect(base64(await unwrapSeed(wrapped, wrap, "A"))).toBe(base64(seed));
    await expect(unwrapSeed(wrapped, wrap, "B")).rejects.toThrow("wrong_passphrase");
    await expect(unwrapSeed(wrapped, random(32), "A")).rejects.toThrow("wrong_passphrase");
  });

  it("is never stretched with less than we ask for", () => {
    expect(() => checkArgon(argon)).not.toThrow();
    for (const weaker of [{ memoryKib: 8 }, { passes: 1 }, { salt: new Uint8Array(8) as Bytes }]) {
      expect(() => checkArgon({ ...argon, ...weaker })).toThrow("weak_parameters");
    }
    expect(() => checkArgon({ ...argon, memoryKib: 2 ** 31 })).toThrow("weak_parameters");
  });

  it("signs for one purpose only", async () => {
    const key = await signer(random(32));
    const message = utf8("message");
    const signature = await key.sign("roster", message);
    expect(await verify(key.public, "roster", message, signature)).toBe(true);
    expect(await verify(key.public, "inbox-key", message, signature)).toBe(false);
    expect(await verify(random(32), "roster", message, signature)).toBe(false);
  });
});

describe("six words", () => {
  it("are drawn evenly: numbers of the uneven rest are thrown away", () => {
    const numbers = [0xff, 0xff, 0x00, 0x05]; // 65535 lies in the rest of 3: 65535 = 3 * 21845
    expect(draw(3, () => Uint8Array.of(numbers.shift() ?? 0, numbers.shift() ?? 0))).toBe(2);
  });

  it("come from lists of 2,048 different words", async () => {
    for (const language of ["en", "fr"] as const) {
      const list = await wordList(language);
      expect(new Set(list).size).toBe(2048);
      const words = sixWords(list);
      expect(words).toHaveLength(6);
      expect(words.every((word) => list.includes(word))).toBe(true);
    }
  });

  it("may be typed without accents, in capitals and with many spaces", async () => {
    const lists = [await wordList("en"), await wordList("fr")];
    const written = asWritten("  ACADEMIE   zebre olive ", lists);
    expect(written.join(" ")).toBe(normalisePassphrase("académie zèbre olive"));
  });
});

describe("roster", () => {
  it("is believed when its root signed it", async () => {
    const checked = await checkRoster(vectors.roster, pin, NOW);
    expect(checked.roster.members[0]?.name).toBe(person.name);
    expect(checked.pin.version).toBe(4);
    expect(checked.pin.hash).toBe(hex(await sha256(fromBase64(vectors.roster.document))));
  });

  it.each([
    ["another root", { root: base64(random(32)) }, NOW, "other_signer"],
    ["a root that is no key", { root: "abc" }, NOW, "bad_root"],
    ["an older version", { version: 5 }, NOW, "older"],
    ["the same version with another text", { version: 4, hash: "00" }, NOW, "forked"],
    ["its end", {}, Date.parse("2027-02-01"), "expired"],
  ] as const)("is refused for %s", async (_why, change, now, code) => {
    await expect(checkRoster(vectors.roster, { ...pin, ...change }, now)).rejects.toThrow(code);
  });

  it("is refused when one byte of it changed", async () => {
    const document = fromBase64(vectors.roster.document);
    document[10] = (document[10] ?? 0) ^ 1;
    const changed = { ...vectors.roster, document: base64(document) };
    await expect(checkRoster(changed, pin, NOW)).rejects.toThrow(/bad_signature|malformed/u);
  });

  it("admits a member with exactly this key, and nobody in that name with another", async () => {
    const { roster } = await checkRoster(vectors.roster, pin, NOW);
    const id = "m".repeat(32);
    expect(admitted(roster, id, fromBase64(person.kem_public))).toBe(true);
    expect(admitted(roster, "somebody else", fromBase64(person.kem_public))).toBe(false);
    expect(() => admitted(roster, id, random(1216))).toThrow("other_key");
  });

  it("is remembered by the member's name", () => {
    const shelf = new Map<string, string>();
    const local = {
      getItem: (key: string) => shelf.get(key) ?? null,
      setItem: (key: string, value: string) => void shelf.set(key, value),
    };
    writePin(local, "A", pin);
    expect(readPin(local, "A")).toEqual(pin);
    expect(readPin(local, "B")).toBeNull();
    shelf.set("relais.root.A", "{damaged");
    expect(readPin(local, "A")).toBeNull();
  });
});
