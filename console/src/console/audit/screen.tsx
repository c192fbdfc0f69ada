/** For auditors: what was done, by whom, to which case, when and why; never what was told. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { AuditLine, AuditSearch } from "../../api/audit";
import { download } from "../../shared/download";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { exactTime, longDay, zoneName } from "../../shared/times";
import { Button, Heading, Loading, Notice } from "../../shared/ui";
import { NotAdmitted } from "../admitted";
import type { Open } from "../session";
import { asCsv } from "./csv";
import { byDay, type Placed } from "./days";
import { EVERYTHING, isNarrow, Search } from "./search";
import { pieces, question, reason, sentence, SORTS } from "./sentences";
import { type Audit, useAudit } from "./use-audit";

interface Props {
  readonly open: Open;
  readonly onGone: () => void;
}

export function AuditScreen({ open, onGone }: Props): JSX.Element {
  return (
    <div class="audit" data-testid="audit">
      <Heading>{t("What was done")}</Heading>
      {open.admitted ? <Log onGone={onGone} /> : <NotAdmitted open={open} />}
    </div>
  );
}

/** For whoever typed the address, and is none. */
export function NoAuditor(): JSX.Element {
  return (
    <div data-testid="no-auditor">
      <Heading>{t("What was done")}</Heading>
      <Notice testId="no-auditor-why">
        {t("Only auditors see this page: it shows what every member did. You have other work here; if you need to know something, ask an auditor.")}
      </Notice>
    </div>
  );
}

function Log({ onGone }: { readonly onGone: () => void }): JSX.Element {
  const [search, setSearch] = useState<AuditSearch>(EVERYTHING);
  const audit = useAudit(search, onGone);
  return (
    <>
      <p class="hint">
        {t("Who did what, and when. What people told is never shown here.")}{" "}
        {t("Days and times are those of {zone}.", { zone: zoneName() })}
      </p>
      <Search search={search} members={audit.members} onSearch={setSearch} />
      <Summary search={search} audit={audit} onSearch={setSearch} />
      {audit.found === null ? null : (
        <Lines lines={audit.found.lines} fresh={audit.fresh} onCase={(code) => setSearch({ ...EVERYTHING, case: code })} />
      )}
      {audit.error === null ? null : (
        <Notice kind="error" testId="audit-error">
          {explain(audit.error)}{" "}
          <Button testId="audit-again" onClick={audit.again}>{t("Try again")}</Button>
        </Notice>
      )}
      {audit.found === null ? (audit.error === null ? <Loading /> : null) : <After audit={audit} />}
    </>
  );
}

/** How much is shown, said to screen readers too, and of what. */
function Summary(props: {
  readonly search: AuditSearch;
  readonly audit: Audit;
  readonly onSearch: (search: AuditSearch) => void;
}): JSX.Element {
  const { search, audit } = props;
  const narrow = isNarrow(search);
  return (
    <div class="audit-summary">
      <p role="status" data-testid="audit-count">{audit.found === null ? "" : counted(audit, narrow || search.look)}</p>
      {narrow ? (
        <p class="line-facts" data-testid="audit-only">
          {t("Only:")}{" "}
          {narrowedTo(search).map((one, at) => <span key={one}>{at === 0 ? "" : " · "}<bdi>{one}</bdi></span>)}{" "}
          <span class="no-print">
            <Button testId="audit-reset" kind="quiet" onClick={() => props.onSearch({ ...EVERYTHING, look: search.look })}>
              {t("Show all again")}
            </Button>
          </span>
        </p>
      ) : null}
    </div>
  );
}

function narrowedTo({ case: code, member, sort }: AuditSearch): string[] {
  return [code, member, sort === "" ? "" : SORTS[sort]()].filter((one) => one !== "");
}

function counted({ found }: Audit, searched: boolean): string {
  const count = found?.lines.length ?? 0;
  if (count === 0) return searched ? t("No line fits what you asked for.") : t("Nothing was done yet.");
  if (found?.before) return t("The newest {count} lines. There are earlier ones below.", { count });
  return count === 1 ? t("One line. There is no other.") : t("All {count} lines there are.", { count });
}

function Lines(props: {
  readonly lines: readonly AuditLine[];
  readonly fresh: number | null;
  readonly onCase: (code: string) => void;
}): JSX.Element {
  const { lines, fresh } = props;
  const place = useRef<HTMLDivElement>(null);
  // Whoever asked for earlier lines goes on reading with the first of them.
  useEffect(() => {
    if (fresh !== null) place.current?.querySelector<HTMLElement>(`[data-line="${fresh}"]`)?.focus();
  }, [fresh, lines]);
  return (
    <div ref={place}>
      {byDay(lines).map(({ day, lines: ofDay }) => (
        <section key={`${day}-${ofDay[0]?.at ?? 0}`} aria-labelledby={`day-${day}`} data-testid="audit-day">
          <h2 id={`day-${day}`} class="audit-day">{longDay(ofDay[0]?.line.at ?? "")}</h2>
          <ol class="audit-lines">
            {ofDay.map((placed) => <Line key={placed.at} {...placed} onCase={props.onCase} />)}
          </ol>
        </section>
      ))}
    </div>
  );
}

function Line({ line, at, onCase }: Placed & { readonly onCase: (code: string) => void }): JSX.Element {
  const why = reason(line);
  const ask = question(line);
  return (
    <li class={line.look ? "look" : undefined} tabIndex={-1} data-line={at} data-testid="audit-line" data-kind={line.kind}>
      <time dateTime={line.at}>{exactTime(line.at)}</time>
      <div>
        <p class="audit-said"><Said line={line} onCase={onCase} /></p>
        {why === "" ? null : (
          <p class="audit-why" data-testid="audit-reason">
            <span class="line-facts">{t("Reason given:")}</span> <span dir="auto">{why}</span>
          </p>
        )}
        {ask === "" ? null : (
          <p class="audit-ask" data-testid="audit-ask"><span class="pill high">{t("Needs a look")}</span> {ask}</p>
        )}
      </div>
    </li>
  );
}

/** The sentence, with names kept apart and the case's code as the way to all of its lines. */
function Said({ line, onCase }: { readonly line: AuditLine; readonly onCase: (code: string) => void }): JSX.Element {
  const { text, values } = sentence(line);
  return (
    <>
      {pieces(text).map((piece, at) => {
        if (at % 2 === 0) return piece;
        const value = values[piece] ?? "";
        if (piece === "what") return <bdi key={at}>{value}</bdi>;
        if (piece !== "case") return <strong key={at}><bdi>{value}</bdi></strong>;
        return (
          <button key={at} type="button" class="audit-code" aria-label={t("All of case {case}", { case: value })} onClick={() => onCase(value)}>
            <bdi>{value}</bdi>
          </button>
        );
      })}
    </>
  );
}

/** What can be done with the lines: more of them, paper, a table. */
function After({ audit }: { readonly audit: Audit }): JSX.Element | null {
  const lines = audit.found?.lines ?? [];
  if (lines.length === 0) return null;
  return (
    <div class="no-print">
      {audit.found?.before ? (
        <div class="actions">
          <Button testId="audit-earlier" kind="main" busy={audit.busy} onClick={audit.earlier}>{t("Earlier lines")}</Button>
        </div>
      ) : (
        <p class="empty" data-testid="audit-end">{t("Nothing is older than this.")}</p>
      )}
      <section class="card" aria-labelledby="audit-keep">
        <h2 id="audit-keep">{t("Keep what is shown")}</h2>
        <p class="hint">{t("The {count} lines above, and no others. The file is not sealed: it names members and cases. Keep it as carefully as your key.", { count: lines.length })}</p>
        <div class="actions">
          <Button testId="audit-csv" onClick={() => download(fileName(), asCsv(lines), "text/csv;charset=utf-8")}>{t("Save as a table (CSV)")}</Button>
          <Button testId="audit-print" onClick={() => print()}>{t("Print")}</Button>
        </div>
      </section>
    </div>
  );
}

const fileName = (): string => `relais-audit-${new Date().toISOString().slice(0, 10)}.csv`;
