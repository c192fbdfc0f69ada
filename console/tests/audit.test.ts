/** The auditor's page: sentences, days, the table that is saved, who has the place. */

import { afterEach, describe, expect, it } from "vitest";
import { AUDIT_KINDS, AUDIT_SORTS, type AuditLine } from "../src/api/audit";
import { asCsv, cell } from "../src/console/audit/csv";
import { byDay } from "../src/console/audit/days";
import { codeOf } from "../src/console/audit/search";
import { pieces, plain, question, reason, sentence, SORTS } from "../src/console/audit/sentences";
import { onlyAudits, pageFor } from "../src/console/places";
import { parseRoute } from "../src/console/route";
import { speak } from "../src/shared/i18n";

afterEach(() => speak("en", { texts: {}, dir: "ltr" }));

const line = (more: Partial<AuditLine>): AuditLine => ({
  at: "2026-11-30T22:30:05Z",
  case: "K7Q4",
  kind: "taken",
  member: "Ada",
  to: null,
  detail: "",
  reason: "",
  look: false,
  ...more,
});
const said = (more: Partial<AuditLine>): string => plain(sentence(line(more)));

describe("sentences", () => {
  it("exist for every kind, name the case or the member, and leave no place open", () => {
    const about = new Set(["invited", "invited_again", "enrolled", "reset", "removed", "roster", "audited"]);
    for (const kind of AUDIT_KINDS) {
      const text = said({ kind, to: "Ben", detail: "bri+tea" });
      expect(text, kind).not.toMatch(/[{}]|no words for|undefined/u);
      expect(text, kind).toMatch(/^[A-Z].*\.$/u);
      expect(text.includes("K7Q4"), kind).toBe(!about.has(kind));
    }
  });

  it("are different ones", () => {
    const texts = AUDIT_KINDS.map((kind) => said({ kind, to: "Ben" }));
    expect(new Set(texts).size).toBe(AUDIT_KINDS.length);
  });

  it("say that another member had the case", () => {
    expect(said({ kind: "served", detail: "brief,team" })).toBe("Ada opened case K7Q4: In brief and Notes of the team.");
    expect(said({ kind: "served", detail: "brief", look: true })).toBe(
      "Ada opened case K7Q4, which another member had: In brief.",
    );
    expect(said({ kind: "served", detail: "evidence file abc", look: true })).toBe(
      "Ada opened a file of case K7Q4, which another member had: Files.",
    );
  });

  it("say who gave what to whom", () => {
    expect(said({ kind: "granted", to: "Ben", detail: "bri+tea" })).toBe(
      "Ada gave Ben keys of case K7Q4: In brief and Notes of the team.",
    );
    expect(said({ kind: "keys", member: null, detail: "acc+med/2" })).toBe(
      "Keys of case K7Q4 were made: What was told and Health.",
    );
  });

  it("say why a case went back, and why a team was passed over", () => {
    expect(said({ kind: "returned", detail: "idle" })).toContain("Ada noted no first step in time");
    expect(said({ kind: "returned", detail: "rerouted" })).toContain("somebody other than Ada");
    expect(said({ kind: "skipped", detail: "0:no_key:lantern-first" })).toContain("has no key: lantern-first");
    expect(said({ kind: "skipped", detail: "0:new_reason" })).toBe("A team was passed over for case K7Q4.");
  });

  it("say when there is a kind that they do not know, and a member whom nobody knows", () => {
    expect(said({ kind: "brand_new" })).toBe("Something that this page has no words for: brand_new.");
    expect(said({ member: null })).toBe("Somebody took case K7Q4.");
  });

  it("follow the order of another language", () => {
    speak("fr", { texts: { "{who} took case {case}.": "La demande {case} est prise par {who}." }, dir: "ltr" });
    expect(said({})).toBe("La demande K7Q4 est prise par Ada.");
    expect(pieces(sentence(line({})).text)).toEqual(["La demande ", "case", " est prise par ", "who", "."]);
  });

  it("do not take a name for a place", () => {
    expect(said({ member: "{case}" })).toBe("{case} took case K7Q4.");
  });

  it("ask something of what needs a look, and of nothing else", () => {
    for (const kind of ["served", "granted", "spoiled", "recovery_asked", "recovered", "conflict", "reset", "removed"]) {
      expect(question(line({ kind, look: true })), kind).toMatch(/\?$/u);
    }
    expect(question(line({ kind: "served" }))).toBe("");
  });

  it("say that a reason cannot be read", () => {
    expect(reason(line({ reason: "Ada is ill" }))).toBe("Ada is ill");
    expect(reason(line({ reason: "?" }))).toContain("cannot be read");
  });

  it("have a name for every sort", () => {
    expect(AUDIT_SORTS.map((one) => SORTS[one]()).every((name) => name !== "")).toBe(true);
  });
});

describe("days", () => {
  const lines = ["2026-11-30T23:30:00Z", "2026-11-30T22:59:59Z", "2026-11-30T00:10:00Z"].map((at) => line({ at }));
  const days = (zone: string): [string, number[]][] =>
    byDay(lines, zone).map(({ day, lines: those }) => [day, those.map(({ at }) => at)]);

  it("are those of the reader's zone", () => {
    expect(days("UTC")).toEqual([["2026-11-30", [0, 1, 2]]]);
    expect(days("Europe/Paris")).toEqual([["2026-12-01", [0]], ["2026-11-30", [1, 2]]]);
    expect(days("America/Bogota")).toEqual([["2026-11-30", [0, 1]], ["2026-11-29", [2]]]);
  });

  it("are none without lines", () => {
    expect(byDay([])).toEqual([]);
  });
});

describe("the saved table", () => {
  it("begins with a byte order mark, has a head, and a row for a line", () => {
    const rows = asCsv([line({ kind: "served", detail: "brief", look: true, reason: "Ada is ill" })], "Europe/Paris").split("\r\n");
    expect(rows[0]).toBe(
      '\ufeff"Time (UTC)","Time in Europe/Paris","Case","What was done","By whom","To whom","Reason given","Needs a look","Kind"',
    );
    expect(rows[1]).toBe(
      '"2026-11-30T22:30:05Z","2026-11-30 23:30:05","K7Q4","Ada opened case K7Q4, which another member had: In brief.","Ada","","Ada is ill","yes","served"',
    );
    expect(rows.slice(2)).toEqual([""]);
  });

  it("lets no cell begin a formula", () => {
    for (const bad of ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\u2068=1", "\uff1d1"]) {
      expect(cell(bad), JSON.stringify(bad)).toBe(`"'${bad}"`);
    }
    for (const bad of ["\t=1", "\r=1", "\n=1"]) expect(cell(bad)).toBe('" / =1"');
    expect(asCsv([line({ member: "=HYPERLINK(1)", reason: '@a","=b' })], "UTC")).toContain(`"'=HYPERLINK(1)"`);
  });

  it("has nothing in a cell at which another spreadsheet begins a new one", () => {
    expect(cell("agreed;=cmd|' /C calc'!A0;x\n=1+2")).toBe("\"agreed,=cmd|' /C calc'!A0,x / =1+2\"");
  });

  it("keeps quotes, commas and lines of a reason inside their cell", () => {
    expect(cell('she said "go",\nthen left')).toBe('"she said ""go"", / then left"');
    expect(cell("a=b, 1-2")).toBe('"a=b, 1-2"');
  });
});

describe("places", () => {
  it("lead an auditor to the audit, unless tonight is theirs too", () => {
    expect(pageFor(parseRoute("#/"), ["auditor"])).toBe("audit");
    expect(pageFor(parseRoute("#/"), ["auditor", "operator"])).toBe("audit");
    expect(pageFor(parseRoute("#/"), ["auditor", "responder"])).toBe("tonight");
    expect(pageFor(parseRoute("#/"), ["auditor", "coordinator"])).toBe("tonight");
    expect(pageFor(parseRoute("#/"), ["responder"])).toBe("tonight");
    expect(pageFor(parseRoute("#/audit"), ["responder"])).toBe("audit");
    expect(pageFor(parseRoute("#/key"), ["auditor"])).toBe("key");
    expect(onlyAudits(["operator"])).toBe(false);
  });

  it("take a code as it is written down", () => {
    expect(codeOf(" k7-q4 ")).toBe("K7Q4");
  });
});
