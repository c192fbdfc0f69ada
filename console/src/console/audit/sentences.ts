/** Every line of the logs as a plain sentence: who did what, to which case or to whom. */

import { AUDIT_KINDS, type AuditKind, type AuditLine, type AuditSort } from "../../api/audit";
import { t } from "../../shared/i18n";
import { list } from "../../shared/times";
import { compartmentName } from "../names";

/** A sentence with its places, `{who} took case {case}.`, and what stands in them. */
export interface Sentence {
  readonly text: string;
  readonly values: Readonly<Record<string, string>>;
}

interface Said {
  readonly text: string;
  readonly what?: string;
}

const COMPARTMENTS = ["brief", "account", "medical", "perpetrator", "evidence", "messages", "team"];

/** `bri+tea` and `brief,team` alike. */
function compartments(codes: string): string {
  const names = codes.split(/[+,]/u).filter((code) => code !== "");
  return list(names.map((code) => compartmentName(COMPARTMENTS.find((one) => one.startsWith(code)) ?? code)));
}

function served(line: AuditLine): Said {
  const [place = "", file] = line.detail.split(" ");
  const what = compartments(place);
  if (file !== undefined) {
    return {
      text: line.look
        ? t("{who} opened a file of case {case}, which another member had: {what}.")
        : t("{who} opened a file of case {case}: {what}."),
      what,
    };
  }
  if (place === "referrals") return { text: t("{who} read what was said when case {case} was referred.") };
  if (place === "") return { text: t("{who} opened case {case}, and was handed nothing.") };
  return {
    text: line.look
      ? t("{who} opened case {case}, which another member had: {what}.")
      : t("{who} opened case {case}: {what}."),
    what,
  };
}

function skipped(line: AuditLine): Said {
  const [, reason, what = ""] = line.detail.split(":");
  switch (reason) {
    case "nobody_on_call":
      return { text: t("A team was passed over for case {case}, since nobody in it was on call: {what}."), what };
    case "no_language":
      return { text: t("A team was passed over for case {case}, since nobody in it speaks the language: {what}."), what };
    case "no_key":
      return { text: t("A team was passed over for case {case}, since somebody in it has no key: {what}."), what };
    default:
      return { text: t("A team was passed over for case {case}.") };
  }
}

function passed(line: AuditLine): Said {
  switch (line.detail) {
    case "off_call":
      return { text: t("{who} went off call, so case {case} was passed on.") };
    case "held":
      return { text: t("No alert reached {who}, so case {case} was passed on.") };
    default:
      return { text: t("{who} passed case {case} on.") };
  }
}

function returned(line: AuditLine): Said {
  switch (line.detail) {
    case "idle":
      return { text: t("Case {case} went back to the queue: {who} noted no first step in time.") };
    case "rerouted":
      return { text: t("Case {case} went back to the queue: somebody other than {who} has to take it.") };
    default:
      return { text: t("Case {case} went back to the queue. {who} had it before.") };
  }
}

const says =
  (text: () => string) =>
  (): Said => ({ text: text() });

const withKeys =
  (text: () => string) =>
  (line: AuditLine): Said => ({ text: text(), what: compartments(line.detail.split("/")[0] ?? "") });

const SENTENCES: Record<AuditKind, (line: AuditLine) => Said> = {
  opened: says(() => t("A person asked for help: case {case} was made.")),
  submitted: says(() => t("The person of case {case} sent what they had told.")),
  asked_again: says(() => t("The person of case {case} asked for help again.")),
  withdrawn: says(() => t("The person of case {case} ended it.")),
  erase_later: says(() => t("The person of case {case} wants it erased in seven days. Nobody can open it.")),
  erase_undone: says(() => t("The person of case {case} came back by their number: it is not erased.")),
  erased: says(() => t("Case {case} was erased at the person's wish.")),
  unreachable: says(() => t("The messenger of the person of case {case} takes no messages any more.")),
  alerted: says(() => t("{who} was alerted to case {case}.")),
  skipped,
  nobody: says(() => t("Nobody was on call who could be alerted to case {case}.")),
  hourly: says(() => t("Case {case} was still open: the coordinators were alerted again.")),
  idle: says(() => t("{who} was reminded that no first step was noted in case {case}.")),
  taken: says(() => t("{who} took case {case}.")),
  passed,
  returned,
  conflict: says(() => t("{who} knows the person of case {case}. Their key to it was destroyed.")),
  answered: (line) => ({
    text: /^grants:-[1-9]/u.test(line.detail)
      ? t("{who} noted a first step in case {case}. Keys that others held in reserve were destroyed.")
      : t("{who} noted a first step in case {case}."),
  }),
  done: says(() => t("{who} marked case {case} as done.")),
  served,
  keys: withKeys(() => t("Keys of case {case} were made: {what}.")),
  left_out: says(() => t("The person of case {case} left somebody out, whose keys to it were destroyed.")),
  granted: withKeys(() => t("{who} gave {to} keys of case {case}: {what}.")),
  spoiled: withKeys(() => t("{who} gave back a key of case {case} that did not open: {what}.")),
  recovery_asked: says(() => t("{who} asked that case {case} be opened for {to} with the recovery papers.")),
  recovered: withKeys(() => t("{who} brought keys of case {case} for {to} from the recovery papers: {what}.")),
  referred: withKeys(() => t("{who} referred case {case} to {to}: {what}.")),
  ref_accepted: says(() => t("{to} accepted case {case} and can read what was referred.")),
  ref_rejected: says(() => t("{to} did not accept case {case}. The keys made for them were destroyed.")),
  ref_revoked: (line) => ({
    text:
      line.to === null
        ? t("A referral of case {case} ended. The keys made for it were destroyed.")
        : t("Case {case} is not referred to {to} any more. The keys made for them were destroyed."),
  }),
  ref_done: says(() => t("{to} is done with case {case}. The keys made for them were destroyed.")),
  invited: says(() => t("{who} invited {to}.")),
  invited_again: says(() => t("{who} made a new invitation for {to}.")),
  enrolled: says(() => t("{who} joined, with a key of their own.")),
  reset: says(() => t("{who} reset {to}: the old key opens nothing more.")),
  removed: says(() => t("{who} removed {to} from the members.")),
  roster: (line) => ({ text: t("{who} signed list number {what} of the members."), what: line.detail }),
  audited: says(() => t("{who} read these lines.")),
};

/** What to ask when a line needs a look. */
const QUESTIONS: Partial<Record<AuditKind, () => string>> = {
  served: () => t("Another member had the case. Does the reason hold?"),
  granted: () => t("A key was given later. Who agreed to it?"),
  spoiled: () => t("A key did not open. Was it made wrongly, or changed?"),
  referred: () => t("A part was given to another organisation. Who agreed to it?"),
  recovery_asked: () => t("Do the keepers of the papers know of it?"),
  recovered: () => t("Do the keepers of the papers know of it?"),
  conflict: () => t("Has somebody else taken the case since?"),
  reset: () => t("Was the key really lost? Were the new words compared?"),
  removed: () => t("Did the member leave? Was the list signed again?"),
};

export const SORTS: Record<AuditSort, () => string> = {
  person: () => t("What the person did"),
  alerts: () => t("Alerts"),
  work: () => t("Work on cases"),
  reading: () => t("Cases opened"),
  keys: () => t("Keys"),
  members: () => t("Members"),
};

const isKind = (kind: string): kind is AuditKind => (AUDIT_KINDS as readonly string[]).includes(kind);

export function sentence(line: AuditLine): Sentence {
  const said: Said = isKind(line.kind)
    ? SENTENCES[line.kind](line)
    : { text: t("Something that this page has no words for: {what}."), what: line.kind };
  return {
    text: said.text,
    values: {
      who: line.member ?? t("Somebody"),
      to: line.to ?? t("somebody"),
      case: line.case,
      what: said.what ?? "",
    },
  };
}

/** Empty where nothing needs to be asked. */
export function question(line: AuditLine): string {
  return line.look && isKind(line.kind) ? (QUESTIONS[line.kind]?.() ?? "") : "";
}

/** What was said for it, or that it cannot be read. */
export function reason(line: AuditLine): string {
  return line.reason === "?" ? t("The reason cannot be read. It may be damaged.") : line.reason;
}

/** A text and a place in turn: `["", "who", " took case ", "case", "."]`. */
export function pieces(text: string): string[] {
  return text.split(/\{(\w+)\}/u);
}

export function plain({ text, values }: Sentence): string {
  return pieces(text).map((piece, at) => (at % 2 === 1 ? (values[piece] ?? "") : piece)).join("");
}
