/** The one error of the cryptography; codes as in `sealing/errors.py`, and those of person keys. */

export type SealCode =
  | "not_sealed"
  | "wrong_version"
  | "cannot_open"
  | "bad_padding"
  | "bad_key"
  | "wrong_passphrase"
  | "weak_parameters"
  | "forgotten";

export class SealError extends Error {
  readonly code: SealCode;

  /** The message never holds content. */
  constructor(code: SealCode) {
    super(code);
    this.name = "SealError";
    this.code = code;
  }
}
