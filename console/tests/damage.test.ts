/** Of every format of the browser: damaged, cut or moved it is our own error, and never a text. */

import { describe, expect, it } from "vitest";
import { type Bytes, random, text, utf8 } from "../src/crypto/bytes";
import { SealError } from "../src/crypto/errors";
import { pad, unpad } from "../src/crypto/padding";
import { freshSeed, unwrapSeed, wrapSeed } from "../src/crypto/person";
import { joinShares, makeShares, readShare, ShareError } from "../src/crypto/shares";
import { openText, sealText } from "../src/crypto/text";
import { keyPair } from "../src/crypto/xwing";

const PLACE = { case: "c", compartment: "brief", generation: 1, item: "i", kind: "grant" };
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The bytes with one bit of one of them changed, for every `step`th of them, and every cut. */
function* broken(whole: Bytes, step = 1): Generator<Bytes> {
  for (let at = 0; at < whole.length; at += step) {
    const changed = whole.slice();
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    yield changed;
    yield whole.slice(0, at);
  }
  yield new Uint8Array([...whole, 0]);
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(() => null, (error: unknown) => error);
}

describe("a sealed text", () => {
  it("does not open with any byte changed, missing or added", async () => {
    const keys = await keyPair(random(32));
    const sealed = await sealText(utf8("words"), keys.public, PLACE);
    expect(text(await openText(sealed, keys, PLACE))).toBe("words");
    for (const one of broken(sealed, 13)) {
      expect(await errorOf(openText(one, keys, PLACE))).toBeInstanceOf(SealError);
    }
  });
});

describe("padding", () => {
  it("gives back every length around the buckets", () => {
    for (const length of [0, 1, 59, 60, 61, 123, 124, 125, 4091, 4092, 4093, 5000]) {
      const plain = random(length);
      expect(unpad(pad(plain))).toEqual(plain);
    }
  });

  it("is refused with another filling, and cut into the text", () => {
    const plain = utf8("words");
    const padded = pad(plain);
    for (let at = 4 + plain.length; at < padded.length; at += 1) {
      const filled = padded.slice();
      filled[at] = 1;
      expect(() => unpad(filled)).toThrow(SealError);
    }
    for (let size = 0; size < 4 + plain.length; size += 1) {
      expect(() => unpad(padded.slice(0, size))).toThrow(SealError);
    }
  });
});

describe("a wrapped person key", () => {
  it("does not open with any byte changed, missing or added", async () => {
    const [seed, wrap] = [freshSeed(), random(32)];
    const wrapped = await wrapSeed(seed, wrap, "Ana");
    expect(await unwrapSeed(wrapped, wrap, "Ana")).toEqual(seed);
    for (const one of broken(wrapped)) {
      expect(await errorOf(unwrapSeed(one, wrap, "Ana"))).toBeInstanceOf(SealError);
    }
  });

  it("opens under its own name and words alone", async () => {
    const [seed, wrap] = [freshSeed(), random(32)];
    const wrapped = await wrapSeed(seed, wrap, "Ana");
    for (const name of ["", "ana", "Ana ", "Anaa"]) {
      expect(await errorOf(unwrapSeed(wrapped, wrap, name))).toBeInstanceOf(SealError);
    }
    for (const other of broken(wrap)) {
      expect(await errorOf(unwrapSeed(wrapped, other, "Ana"))).toBeInstanceOf(SealError);
    }
  });
});

describe("a recovery paper", () => {
  it("is refused with any letter changed, missing or added", async () => {
    const [paper = ""] = await makeShares(freshSeed(), random(1216), 3, 2);
    const letters = paper.replaceAll(" ", "");
    expect(await readShare(letters)).toEqual(await readShare(paper));
    for (let at = 0; at < letters.length; at += 1) {
      const [before, letter, behind] = [letters.slice(0, at), letters[at] ?? "", letters.slice(at + 1)];
      for (const other of ALPHABET.replace(letter, "")) {
        expect(await errorOf(readShare(before + other + behind)), `${at}`).toBeInstanceOf(ShareError);
      }
      for (const more of [before, before + behind, letters + behind]) {
        if (more === letters) continue;
        expect(await errorOf(readShare(more)), `${at}`).toBeInstanceOf(ShareError);
      }
    }
  });

  it("with a slip at its very beginning is mistyped, and not of a newer version", async () => {
    const [paper = ""] = await makeShares(freshSeed(), random(1216), 3, 2);
    await expect(readShare(`Z${paper.slice(1)}`)).rejects.toThrow("mistyped");
  });

  it("gives back any seed, from any two of three", async () => {
    for (const seed of [new Uint8Array(32), new Uint8Array(32).fill(255), freshSeed()]) {
      const papers = await makeShares(seed, random(1216), 3, 2);
      const shares = await Promise.all(papers.map(readShare));
      for (const [a, b] of [[0, 1], [1, 2], [2, 0]] as const) {
        const two = [shares[a], shares[b]].filter((one) => one !== undefined);
        expect(await joinShares(two)).toEqual(seed);
      }
    }
  });
});
