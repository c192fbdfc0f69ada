/** Names of codes that the server sends: roles, needs, urgency, states, channels, log lines. */

import { t } from "../shared/i18n";

type Names = Record<string, () => string>;

const ROLES: Names = {
  responder: () => t("Responder"),
  coordinator: () => t("Coordinator"),
  translator: () => t("Translator"),
  analyst: () => t("Analyst"),
  auditor: () => t("Auditor"),
  operator: () => t("Operator"),
};

const NEEDS: Names = {
  health_medical_service: () => t("Health care"),
  psychosocial_service: () => t("Someone to talk to"),
  safehouse_service: () => t("A safe place"),
  child_protection_service: () => t("Child protection"),
  food_service: () => t("Food"),
  nfi_clothes_shoes_service: () => t("Clothes and household items"),
  cash_assistance: () => t("Money help"),
  legal_assistance_service: () => t("Legal help"),
  police_other_service: () => t("Police"),
  just_tell: () => t("To tell it"),
  unsure: () => t("Not sure yet"),
};

const URGENCIES: Names = {
  urgent: () => t("Urgent"),
  high: () => t("High"),
  normal: () => t("Normal"),
};

const STATES: Names = {
  silent: () => t("Not alerted"),
  open: () => t("Open"),
  taken: () => t("Taken"),
  answered: () => t("Answered"),
  done: () => t("Done"),
  erased: () => t("Erased"),
};

const CHANNELS: Names = {
  telegram: () => "Telegram",
  signal: () => "Signal",
  matrix: () => "Matrix",
  page: () => t("Chat page"),
};

const COMPARTMENTS: Names = {
  brief: () => t("In brief"),
  account: () => t("What was told"),
  medical: () => t("Health"),
  perpetrator: () => t("Who did it"),
  evidence: () => t("Files"),
  messages: () => t("Messages"),
  team: () => t("Notes of the team"),
};

const PURPOSES: Names = {
  services: () => t("Telling helpers about the need"),
  urgent: () => t("Urgent help"),
  account: () => t("Telling what happened"),
  evidence: () => t("Keeping words and files unchanged"),
  statistics: () => t("Counting without name"),
  justice: () => t("Giving it to a court or body"),
  contact: () => t("Being written to"),
};

const LOG: Names = {
  opened: () => t("Request received"),
  submitted: () => t("Sent by the person"),
  unreachable: () => t("The person's messenger no longer takes messages"),
  granted: () => t("Key given to another member"),
  recovery_asked: () => t("Asked to be opened with the recovery papers"),
  referred: () => t("Referred to somebody elsewhere"),
  ref_accepted: () => t("Referral accepted"),
  ref_rejected: () => t("Referral not accepted"),
  ref_revoked: () => t("Referral over; its keys destroyed"),
  ref_done: () => t("Referral done"),
  recovered: () => t("Opened with the recovery papers"),
  spoiled: () => t("A key did not open and was given back"),
  asked_again: () => t("The person asked for help again"),
  alerted: () => t("Alert sent"),
  skipped: () => t("A team was passed over"),
  nobody: () => t("Nobody is on call for it"),
  hourly: () => t("Coordination alerted again"),
  taken: () => t("Taken"),
  passed: () => t("Passed on"),
  returned: () => t("Back in the queue"),
  idle: () => t("Reminded that no first step is noted"),
  conflict: () => t("Knows the person; key destroyed"),
  served: () => t("Opened"),
  answered: () => t("First step noted"),
  step: () => t("Step noted"),
  escalated: () => t("Went to the next team"),
  withdrawn: () => t("Closed at the person's wish"),
  erase_later: () => t("To be erased later, at the person's wish"),
  erase_undone: () => t("The person came back: it is not erased"),
  done: () => t("Marked as done"),
  erased: () => t("Erased at the person's wish"),
};

const REFERRALS: Names = {
  in_progress: () => t("Asked"),
  accepted: () => t("Accepted"),
  rejected: () => t("Not accepted"),
  done: () => t("Done"),
  revoked: () => t("Ended"),
};

const PRIORITIES: Names = {
  high: () => t("Answer within a day"),
  medium: () => t("Answer within three days"),
  low: () => t("Answer within a week"),
};

const named =
  (names: Names) =>
  (code: string): string =>
    names[code]?.() ?? code;

export const roleName = named(ROLES);
export const needName = named(NEEDS);
export const urgencyName = named(URGENCIES);
export const stateName = named(STATES);
export const channelName = named(CHANNELS);
export const compartmentName = named(COMPARTMENTS);
export const purposeName = named(PURPOSES);
export const logName = named(LOG);
export const referralState = named(REFERRALS);
export const priorityName = named(PRIORITIES);
