/** Moments as people read them, in the language of the page and the zone of the reader. */

import { locale } from "./i18n";

function format(at: Date, options: Intl.DateTimeFormatOptions): string {
  try {
    return new Intl.DateTimeFormat(locale().locale, options).format(at);
  } catch {
    return new Intl.DateTimeFormat("en", options).format(at);
  }
}

/** Clock time; with the day when it is not today. */
export function moment(iso: string | number, now: Date = new Date()): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (at.toDateString() === now.toDateString()) return format(at, clock);
  return format(at, { ...clock, day: "numeric", month: "short" });
}

/** A day with its year, in the reader's zone. */
export function date(iso: string | number): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? "" : format(at, { day: "numeric", month: "long", year: "numeric" });
}

/** A day by its name, in the reader's zone. */
export function longDay(iso: string): string {
  return format(new Date(iso), { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

/** To the second. */
export function exactTime(iso: string): string {
  return format(new Date(iso), { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

/** The zone in which this browser reads clocks. */
export function zoneName(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function day(year: number, month?: number, dayOfMonth?: number): string {
  const at = new Date(Date.UTC(year, (month ?? 1) - 1, dayOfMonth ?? 1));
  const options: Intl.DateTimeFormatOptions = { year: "numeric", timeZone: "UTC" };
  if (month !== undefined) options.month = "long";
  if (dayOfMonth !== undefined) options.day = "numeric";
  return format(at, options);
}

export function list(items: readonly string[]): string {
  try {
    return new Intl.ListFormat(locale().locale, { type: "conjunction" }).format(items);
  } catch {
    return items.join(", ");
  }
}
