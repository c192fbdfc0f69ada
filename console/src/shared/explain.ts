/** What went wrong, in words that say what to do; never a code alone. */

import { ApiError } from "../api/client";
import { RosterError, SealError } from "../crypto";
import { t } from "./i18n";

function roster(error: RosterError): string {
  switch (error.code) {
    case "older":
    case "forked":
    case "wrong_previous":
      return t("The server showed an older or a different list of members than before. Nothing was opened. Tell your coordinator.");
    case "missing":
      return t("This browser has seen a signed list of members, and the server shows none. It may be hidden from you. Nothing was opened or signed. Tell your coordinator and whoever runs the server.");
    case "not_compared":
      return t("A list of members was signed since you unlocked. Lock, unlock again, and compare the root.");
    case "not_root":
      return t("Only the coordinator whose key is your organisation's root can sign the first list. Nothing was signed.");
    case "unknown_format":
      return t("The list of members was signed by a newer version. Nothing was opened. Reload this page.");
    case "expired":
      return t("The list of members is out of date. A coordinator must sign a new one.");
    case "other_key":
      return t("The list of members holds another key under your name. Nothing was opened. Tell your coordinator at once.");
    case "bad_root":
      return t("This link is not complete. Ask for a new one.");
    default:
      return t("The list of members is not signed by your organisation's root. Nothing was opened. Tell your coordinator.");
  }
}

function seal(error: SealError): string {
  switch (error.code) {
    case "wrong_passphrase":
      return t("These words do not open your key. Check each word.");
    case "weak_parameters":
      return t("The server asked for a weaker protection of your words. Nothing was sent. Tell your coordinator.");
    case "wrong_version":
      return t("This was sealed by a newer version. Reload this page.");
    default:
      return t("This could not be opened. It may be damaged.");
  }
}

function answer(error: ApiError): string {
  if (error.code === "offline") return t("The server does not answer. Check the connection.");
  if (error.status === 429) {
    const seconds = error.retryAfter ?? 60;
    return t("Too many tries. Wait {seconds} seconds, then try again.", { seconds });
  }
  if (error.code === "taken") {
    return error.taker === null
      ? t("Someone else has taken it.")
      : t("{name} has taken it.", { name: error.taker });
  }
  if (error.status >= 500) return t("The server has a problem. Try again in a minute.");
  if (error.status === 401) return t("You are signed out. Unlock again.");
  if (error.status === 403) return t("This is not open to you.");
  if (error.status === 404) return t("This is not here any more.");
  return t("This did not work. Code: {code}", { code: error.code });
}

export function explain(error: unknown): string {
  if (error instanceof RosterError) return roster(error);
  if (error instanceof SealError) return seal(error);
  if (error instanceof ApiError) return answer(error);
  return t("Something went wrong in this page. Reload it.");
}
