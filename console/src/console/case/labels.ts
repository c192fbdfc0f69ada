/** Values as a responder reads them: in the words of the interview, from `/v1/labels`. */

import { locale, t } from "../../shared/i18n";
import { day, list } from "../../shared/times";
import type { Answer, FileFacts } from "./opened";

export type Labels = Readonly<Record<string, string>>;

/** The message beside a prompt: `x/safe_now/text` -> `x/safe_now/options/yes`. */
function option(labels: Labels, prompt: string, value: string): string {
  const step = prompt.replace(/\/(?:by\/.*|[^/]*)$/u, "");
  return labels[`${step}/options/${value}`] ?? labels[`areas/${value}`] ?? value;
}

export function question(labels: Labels, answer: Answer): string {
  const text = labels[answer.prompt] ?? answer.step;
  return text.replace(/\{\w+\}/gu, "…");
}

interface DateParts {
  readonly year?: number;
  readonly month?: number;
  readonly day?: number;
  readonly season?: string;
}

function date(labels: Labels, prompt: string, parts: DateParts): string {
  const season = parts.season ? option(labels, prompt, parts.season) : "";
  if (parts.year === undefined) return season;
  const known = day(parts.year, parts.month, parts.day);
  return season === "" ? known : `${season}, ${known}`;
}

function mediaName(code: string): string {
  switch (code) {
    case "photo":
      return t("photo");
    case "video":
      return t("video");
    case "voice":
      return t("voice message");
    default:
      return t("document");
  }
}

const KILO = 1_000;

/** 1.2 MB, 340 kB: in the reader's digits. */
function bytes(size: number): string {
  const large = size >= KILO * KILO;
  return new Intl.NumberFormat(locale().locale, {
    style: "unit",
    unit: large ? "megabyte" : "kilobyte",
    maximumFractionDigits: large ? 1 : 0,
  }).format(size / (large ? KILO * KILO : KILO));
}

function file(facts: FileFacts): string {
  if (facts.takenBack) return t("The person took this file back after sending it");
  return t("A file: {kind}, {size}", { kind: mediaName(facts.media), size: bytes(facts.size) });
}

/** The value in words; open text is not asked for here. */
export function valueText(labels: Labels, answer: Answer): string {
  const { value, prompt } = answer;
  if (value === null || value === undefined) return t("Skipped");
  if (typeof value === "boolean") return value ? t("Yes") : t("No");
  if (typeof value === "number") return value.toLocaleString(locale().locale);
  if (typeof value === "string") return option(labels, prompt, value);
  if (Array.isArray(value)) {
    return list(value.map((one) => option(labels, prompt, String(one))));
  }
  if (typeof value === "object" && "precision" in value) {
    return date(labels, prompt, value as DateParts);
  }
  if (typeof value === "object" && "takenBack" in value) return file(value as FileFacts);
  return t("This answer cannot be shown here.");
}
