/** The enrolment itself: a fresh seed, wrapped here; only public halves and the wrapping leave. */

import { api } from "../../api/client";
import type { Factor } from "../../api/types";
import {
  base64,
  freshArgon,
  freshSeed,
  personKeys,
  stretch,
  wipe,
  wrapSeed,
  writePin,
} from "../../crypto";

export interface Enrolling {
  readonly token: string;
  readonly root: string;
  readonly name: string;
  readonly words: readonly string[];
  readonly factor: Factor;
}

export async function enrol(enrolling: Enrolling): Promise<void> {
  const seed = freshSeed();
  const argon = freshArgon();
  const secrets = await stretch(enrolling.words.join(" "), argon);
  try {
    const keys = await personKeys(seed);
    await api.enrol(enrolling.token, {
      kem_public: base64(keys.kem.public),
      sign_public: base64(keys.sign.public),
      wrapped_seed: base64(await wrapSeed(seed, secrets.wrap, enrolling.name)),
      argon: {
        salt: base64(argon.salt),
        memory_kib: argon.memoryKib,
        passes: argon.passes,
        lanes: argon.lanes,
      },
      login: base64(secrets.login),
      ...enrolling.factor,
    });
    if (enrolling.root !== "") {
      writePin(localStorage, enrolling.name, { root: enrolling.root, version: 0, hash: "" });
    }
  } finally {
    wipe(seed, secrets.wrap, secrets.login);
  }
}
