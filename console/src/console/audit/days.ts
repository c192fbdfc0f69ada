/** Lines under the day on which they happened, where the reader is. */

import type { AuditLine } from "../../api/audit";

export interface Placed {
  readonly line: AuditLine;
  /** Among all lines. */
  readonly at: number;
}

export interface Day {
  /** `2026-11-30` */
  readonly day: string;
  readonly lines: readonly Placed[];
}

/** `zone`: the reader's own unless given. */
export function byDay(lines: readonly AuditLine[], zone?: string): Day[] {
  const days: { day: string; lines: Placed[] }[] = [];
  const named = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeZone: zone });
  lines.forEach((line, at) => {
    const day = named.format(new Date(line.at));
    if (days.at(-1)?.day !== day) days.push({ day, lines: [] });
    days.at(-1)?.lines.push({ line, at });
  });
  return days;
}
