/** The enrolment itself: a fresh seed, wrapped here; only public halves and the wrapping leave. */

import { api } from "../../api/client";
import type { Factor, Invitation } from "../../api/types";
import {
  base64,
  checkRoster,
  freshArgon,
  freshSeed,
  personKeys,
  type Pin,
  pinUnder,
  readPin,
  rootKey,
  stretch,
  wipe,
  wrapSeed,
  writePin,
} from "../../crypto";

export interface Enrolling {
  readonly token: string;
  /** What this browser is to remember; null before the first roster. */
  readonly pin: Pin | null;
  readonly name: string;
  readonly words: readonly string[];
  readonly factor: Factor;
}

export interface Invited {
  readonly invitation: Invitation;
  readonly pin: Pin | null;
}

/**
 * The invitation, and the list that came with it: checked under the root of the link, and against
 * what this browser saw under the same root. It is remembered, so that it cannot be hidden later.
 */
export async function look(token: string, root: string): Promise<Invited> {
  // Before the first roster there is no root: whoever signs that one compares keys with the others.
  if (root !== "") rootKey(root);
  const invitation = await api.invitation(token);
  if (root === "") return { invitation, pin: null };
  const pin = pinUnder(root, readPin(localStorage, invitation.member));
  if (!invitation.roster) return { invitation, pin };
  return { invitation, pin: (await checkRoster(invitation.roster, pin, Date.now())).pin };
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
    if (enrolling.pin !== null) writePin(localStorage, enrolling.name, enrolling.pin);
  } finally {
    wipe(seed, secrets.wrap, secrets.login);
  }
}
