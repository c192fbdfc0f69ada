/** Six words that nobody chose: 66 bits. */

import { type Bytes, concat, random, sha256 } from "./bytes";

export const WORDS = 6;
export type WordLanguage = "en" | "fr";

/** The 2,048 words of BIP-39 (NFKD). */
export async function wordList(language: WordLanguage): Promise<readonly string[]> {
  const { wordlist } =
    language === "fr"
      ? await import("@scure/bip39/wordlists/french.js")
      : await import("@scure/bip39/wordlists/english.js");
  return wordlist;
}

/** An even draw from 0 … below-1: numbers of the uneven rest are thrown away. */
export function draw(below: number, source: (length: number) => Bytes = random): number {
  const limit = Math.floor(0x10000 / below) * below;
  for (;;) {
    const bytes = source(2);
    const number = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
    if (number < limit) return number % below;
  }
}

export function sixWords(
  list: readonly string[],
  source: (length: number) => Bytes = random,
): string[] {
  return Array.from({ length: WORDS }, () => list[draw(list.length, source)] ?? "");
}

/** Six English words for a member's two public keys, to be read aloud and compared: 66 bits. */
export async function keyWords(kem: Bytes, sign: Bytes): Promise<string> {
  const list = await wordList("en");
  const hash = await sha256(concat(kem, sign));
  const bits = Array.from(hash, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return Array.from({ length: WORDS }, (_, at) => {
    return list[Number.parseInt(bits.slice(at * 11, at * 11 + 11), 2)] ?? "";
  }).join(" ");
}

function bare(word: string): string {
  return word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Words as typed; one without its accents is given them back where the list leaves no doubt. */
export function asWritten(typed: string, lists: readonly (readonly string[])[]): string[] {
  const accented = new Map(lists.flat().map((word) => [bare(word), word.normalize("NFKD")]));
  const known = new Set(lists.flat().map((word) => word.normalize("NFKD")));
  return typed
    .trim()
    .split(/\s+/u)
    .filter((word) => word !== "")
    .map((word) => word.normalize("NFKD").toLowerCase())
    .map((word) => (known.has(word) ? word : (accented.get(word) ?? word)));
}
