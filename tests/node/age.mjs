// The other side of tests/sealing/test_age*.py and of bench/files.py: npm age-encryption, and the
// vectors of the format.
// Takes one JSON request on standard input, answers with JSON; bytes are base64.

import { readFileSync } from "node:fs";

import { Decrypter, Encrypter, armor, identityToRecipient } from "age-encryption";
import * as vectors from "cctv-age";

const b64 = (bytes) => Buffer.from(bytes).toString("base64");
const raw = (text) => new Uint8Array(Buffer.from(text, "base64"));

async function opens(sealed, identity) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return b64(await decrypter.decrypt(sealed));
}

async function seals(plain, recipients) {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return b64(await encrypter.encrypt(plain));
}

/** Megabytes a second, streamed in pieces of that many bytes, after a first run to warm up. */
async function speed({ recipient, megabytes, piece }) {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const bytes = new Uint8Array(piece).fill(7);
  const run = async (count) => {
    let left = count;
    const plain = new ReadableStream({
      pull: (to) => (left-- > 0 ? to.enqueue(bytes) : to.close()),
    });
    const started = performance.now();
    const sealed = await encrypter.encrypt(plain);
    for await (const _ of sealed);
    return performance.now() - started;
  };
  await run(100);
  return (megabytes * 1000) / (await run(Math.floor((megabytes * 1e6) / piece)));
}

const answers = {
  speed,
  vectors: () => Object.fromEntries(Object.entries(vectors).map(([name, it]) => [name, b64(it)])),
  recipient: ({ identity }) => identityToRecipient(identity),
  open: ({ sealed, identity }) => Promise.all(sealed.map((one) => opens(raw(one), identity))),
  openArmored: ({ sealed, identity }) => opens(armor.decode(sealed), identity),
  seal: ({ plain, recipients }) => Promise.all(plain.map((one) => seals(raw(one), recipients))),
  armor: ({ sealed }) => armor.encode(raw(sealed)),
};

const asked = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(await answers[asked.ask](asked)));
