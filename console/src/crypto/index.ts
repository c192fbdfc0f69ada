/** The contract of this folder: what `sealing/` does in Python, and the member's own key. */

export { isWhole, openAge } from "./age";
export { type Argon, freshArgon, type Secrets, stretch } from "./argon";
export {
  base64,
  base64url,
  type Bytes,
  concat,
  fromBase64,
  hex,
  random,
  sha256,
  text,
  utf8,
  wipe,
} from "./bytes";
export { type Context, info } from "./context";
export { SealError } from "./errors";
export { asWritten, keyWords, sixWords, type WordLanguage, wordList, WORDS } from "./passphrase";
export { canPasskey, makePasskey, PasskeyError, usePasskey } from "./passkeys";
export { freshSeed, type PersonKeys, personKeys, unwrapSeed, wrapSeed } from "./person";
export { fingerprint, readPin, writePin } from "./pins";
export {
  admitted,
  believeNone,
  checkRoster,
  claimedRootOf,
  type Pin,
  pinUnder,
  rootKey,
  type Signed,
  signNext,
} from "./roster";
export { type Roster, RosterError, type RosterMember } from "./roster-document";
export { isOfKey, joinShares, makeShares, readShare, type Share, ShareError } from "./shares";
export { type Signer, signer, verify } from "./signing";
export { openText, sealText } from "./text";
export { isPairOf, type KeyPair, keyPair } from "./xwing";
