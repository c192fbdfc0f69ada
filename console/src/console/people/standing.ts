/** Who of the members stands in the signed roster, and what the next one would change. */

import type { Person } from "../../api/types";
import type { Roster, RosterMember } from "../../crypto";

export type Standing = "signed" | "changed" | "waiting" | "invited";

/** A member as the roster names her; null before she has keys. */
export function entry(person: Person): RosterMember | null {
  if (person.kem === null || person.sign === null) return null;
  const { id, name, organisation, roles, kem, sign } = person;
  return { id, name, organisation, roles, kem, sign };
}

function same(one: RosterMember, other: RosterMember): boolean {
  const roles = (member: RosterMember): string => [...member.roles].sort().join(" ");
  return (
    one.kem === other.kem &&
    one.sign === other.sign &&
    one.name === other.name &&
    one.organisation === other.organisation &&
    roles(one) === roles(other)
  );
}

export function standing(person: Person, roster: Roster | null): Standing {
  const wanted = entry(person);
  if (wanted === null) return "invited";
  const signed = roster?.members.find((one) => one.id === person.id);
  if (!signed) return "waiting";
  return same(signed, wanted) ? "signed" : "changed";
}

export interface Next {
  readonly members: readonly RosterMember[];
  /** Whose keys a person has to compare: new ones, and those with new keys. */
  readonly compare: readonly Person[];
  /** In the roster still, and no member any more. */
  readonly leaving: readonly RosterMember[];
  readonly coordinators: number;
  readonly changes: boolean;
}

export function nextOf(people: readonly Person[], roster: Roster | null): Next {
  const members = people.map(entry).filter((one) => one !== null);
  const ids = new Set(members.map((one) => one.id));
  const leaving = (roster?.members ?? []).filter((one) => !ids.has(one.id));
  const differing = people.filter((one) => ["waiting", "changed"].includes(standing(one, roster)));
  return {
    members,
    compare: differing.filter((one) => {
      const signed = roster?.members.find((known) => known.id === one.id);
      return signed?.kem !== one.kem || signed?.sign !== one.sign;
    }),
    leaving,
    coordinators: members.filter((one) => one.roles.includes("coordinator")).length,
    changes: leaving.length > 0 || differing.length > 0,
  };
}

const DAY_MS = 86_400_000;

/** Days until the roster ends, rounded down; null without one. */
export function daysLeft(roster: Roster | null, now: number): number | null {
  return roster === null ? null : Math.floor((Date.parse(roster.valid_until) - now) / DAY_MS);
}

/** The recovery key is made anew each year. */
export function recoveryIsOld(roster: Roster | null, now: number): boolean {
  const from = roster?.recovery_from;
  return roster?.recovery == null || (from !== undefined && now - Date.parse(from) > 330 * DAY_MS);
}
