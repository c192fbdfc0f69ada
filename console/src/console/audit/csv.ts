/** The lines as a table for a spreadsheet, in which no cell can begin a formula. */

import type { AuditLine } from "../../api/audit";
import { t } from "../../shared/i18n";
import { zoneName } from "../../shared/times";
import { plain, reason, sentence } from "./sentences";

/** Spreadsheets find these also behind spaces and marks of direction. */
const FORMULA = /^[\s\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u;

/**
 * Quoted always; `'` before what a spreadsheet would take for a formula. Some part cells at every
 * semicolon, tab or line, whatever is quoted: there are none.
 */
export function cell(text: string): string {
  const one = text.trimEnd().replaceAll(/\s*[\t\r\n\v\f\u0085\u2028\u2029]+\s*/gu, " / ").replaceAll(/[;\uff1b]/gu, ",");
  const safe = FORMULA.test(one) ? "'" + one : one;
  return '"' + safe.replaceAll('"', '""') + '"';
}

const row = (cells: readonly string[]): string => cells.map(cell).join(",") + "\r\n";

/** With a byte order mark, by which spreadsheets know that it is UTF-8. */
export function asCsv(lines: readonly AuditLine[], zone: string = zoneName()): string {
  const here = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: zone });
  const head = [
    t("Time (UTC)"),
    t("Time in {zone}", { zone }),
    t("Case"),
    t("What was done"),
    t("By whom"),
    t("To whom"),
    t("Reason given"),
    t("Needs a look"),
    t("Kind"),
  ];
  const rows = lines.map((line) => [
    line.at,
    here.format(new Date(line.at)),
    line.case,
    plain(sentence(line)),
    line.member ?? "",
    line.to ?? "",
    reason(line),
    line.look ? t("yes") : "",
    line.kind,
  ]);
  return "\ufeff" + [head, ...rows].map(row).join("");
}
