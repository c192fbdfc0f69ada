/** What Python sealed, TypeScript opens; with the browser's own cryptography and with noble's. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { base64, type Bytes, fromBase64, random, text, utf8 } from "../src/crypto/bytes";
import { bind, type Context, info } from "../src/crypto/context";
import { pad, paddedSize, unpad } from "../src/crypto/padding";
import { openText, sealText } from "../src/crypto/text";
import { keyPair, nobleSuite, publicFromSeed } from "../src/crypto/xwing";

interface TextVector extends Context {
  seed: string;
  public: string;
  plain: string;
  sealed: string;
}

const vectors = JSON.parse(
  readFileSync(new URL("../../tests/vectors/sealing.json", import.meta.url), "utf8"),
) as {
  bind: { fields: string[]; bytes: string };
  padded_size: Record<string, number>;
  texts: TextVector[];
};

const first = vectors.texts[0] as TextVector;

describe("places and padding", () => {
  it("joins fields as Python does", () => {
    expect(base64(bind(...vectors.bind.fields))).toBe(vectors.bind.bytes);
  });

  it("pads to Python's buckets", () => {
    for (const [length, size] of Object.entries(vectors.padded_size)) {
      expect(paddedSize(Number(length))).toBe(size);
    }
  });

  it("takes back what it padded, and refuses filling that is not zero", () => {
    const padded = pad(utf8("words"));
    expect(text(unpad(padded))).toBe("words");
    padded[padded.length - 1] = 1;
    expect(() => unpad(padded)).toThrow("bad_padding");
    expect(() => unpad(Uint8Array.of(0, 0, 0, 9, 1))).toThrow("bad_padding");
    expect(() => unpad(Uint8Array.of(0, 0))).toThrow("bad_padding");
  });
});

describe("sealed texts", () => {
  it.each(vectors.texts.map((vector, at) => [at, vector] as const))(
    "opens Python's vector %i",
    async (_at, vector) => {
      const keys = await keyPair(fromBase64(vector.seed));
      expect(base64(keys.public)).toBe(vector.public);
      const opened = await openText(fromBase64(vector.sealed), keys, vector);
      expect(text(opened)).toBe(vector.plain);
    },
  );

  it("opens what it sealed, the empty text too", async () => {
    const keys = await keyPair(random(32));
    for (const plain of ["", "mots", "x".repeat(10_000)]) {
      const sealed = await sealText(utf8(plain), keys.public, first);
      expect(text(await openText(sealed, keys, first))).toBe(plain);
      expect(sealed.length).toBe(4 + 1120 + 16 + paddedSize(plain.length));
    }
  });

  it.each(["case", "compartment", "generation", "item", "kind"] as const)(
    "does not open under another %s",
    async (field) => {
      const keys = await keyPair(fromBase64(first.seed));
      const moved = { ...first, [field]: field === "generation" ? 99 : "other" };
      await expect(openText(fromBase64(first.sealed), keys, moved)).rejects.toThrow("cannot_open");
    },
  );

  it("tells what is not sealed, what is newer, what is damaged and who has no key", async () => {
    const keys = await keyPair(fromBase64(first.seed));
    const sealed = fromBase64(first.sealed);
    const changed = (at: number, to: number): Bytes => {
      const copy = sealed.slice();
      copy[at] = to;
      return copy;
    };
    await expect(openText(changed(0, 0), keys, first)).rejects.toThrow("not_sealed");
    await expect(openText(changed(3, 2), keys, first)).rejects.toThrow("wrong_version");
    const last = sealed.length - 1;
    const flipped = changed(last, (sealed[last] ?? 0) ^ 1);
    await expect(openText(flipped, keys, first)).rejects.toThrow("cannot_open");
    await expect(openText(sealed.slice(0, 40), keys, first)).rejects.toThrow("cannot_open");
    const other = await keyPair(random(32));
    await expect(openText(sealed, other, first)).rejects.toThrow("cannot_open");
  });

  it("seals to nothing that is no key", async () => {
    await expect(sealText(utf8("x"), new Uint8Array(32), first)).rejects.toThrow("bad_key");
  });

  it("makes the same public half with the HPKE library and beside it", async () => {
    const seed = random(32);
    const suite = await nobleSuite();
    const priv = await suite.DeserializePrivateKey(seed, false);
    const pub = await suite.DeserializePublicKey(await publicFromSeed(seed));
    const { encapsulatedSecret, ciphertext } = await suite.Seal(pub, utf8("x"), {
      info: info(first),
    });
    const opened = await suite.Open(priv, encapsulatedSecret, ciphertext, { info: info(first) });
    expect(text(opened)).toBe("x");
  });
});
