/** One request: the brief first, what was told folded below, the work at hand. */

import type { JSX } from "preact";
import { useCallback, useState } from "preact/hooks";
import type { CaseLine, LogLine } from "../../api/types";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { list, moment } from "../../shared/times";
import { Button, Heading, Loading, Notice } from "../../shared/ui";
import { compartmentName, logName, needName } from "../names";
import type { Open } from "../session";
import { lineFacts, Urgency } from "../tonight/line";
import { Actions } from "./actions";
import { Answers, Consents } from "./answers";
import { ClosedCase } from "./closed";
import { Files } from "./files";
import { HoldersOf } from "./holders";
import { NoteForm, Notes } from "./note";
import { RefersOf } from "./refer";
import { Referred } from "./referred";
import { Spoiled } from "./spoiled";
import { type Read, useCase } from "./use-case";

interface Props {
  readonly id: string;
  readonly open: Open;
  readonly onGone: () => void;
}

export function CaseScreen({ id, open, onGone }: Props): JSX.Element {
  const [reason, setReason] = useState("");
  const { read, error, refresh } = useCase(id, open, reason, onGone);
  const away = useCallback(() => void (location.hash = "#/"), []);
  return (
    <div data-testid="case">
      <p>
        <a href="#/" data-testid="case-back">{t("Back to Tonight")}</a>
      </p>
      {read ? (
        <>
          {error === null ? null : <Notice kind="error" testId="case-stale">{explain(error)}</Notice>}
          <Files.Provider value={{ file: read.file, open, reason, onGone }}>
            <OpenCase read={read} open={open} reason={reason} onChanged={refresh} onAway={away} onGone={onGone} />
          </Files.Provider>
        </>
      ) : error === null ? (
        <Loading label={t("Opening…")} />
      ) : (
        <ClosedCase id={id} error={error} onReason={setReason} onTaken={refresh} onGone={onGone} />
      )}
    </div>
  );
}

function acts(line: CaseLine, own: boolean): ("take" | "pass" | "conflict" | "done")[] {
  if (!own) return ["conflict"];
  if (line.status === "done") return [];
  if (line.status === "open") return ["take", "pass", "conflict"];
  return line.mine ? ["done", "pass", "conflict"] : [];
}

function OpenCase(props: {
  readonly read: Read;
  readonly open: Open;
  readonly reason: string;
  readonly onChanged: () => Promise<void>;
  readonly onAway: () => void;
  readonly onGone: () => void;
}): JSX.Element {
  const { read, open, onChanged, onGone } = props;
  const { case: line, own, referral } = read.file;
  const { compartments, consents, notes, team } = read.opened;
  const brief = compartments.find((one) => one.name === "brief");
  const folded = compartments.filter((one) => one.name !== "brief" && one.name !== "team");
  return (
    <>
      <CaseHead line={line} />
      {referral === null ? null : (
        <Referred
          referral={referral}
          spoiled={own ? [] : read.opened.spoiled}
          onDone={own ? () => void onChanged() : props.onAway}
          onOver={() => void onChanged()}
          onGone={onGone}
        />
      )}
      <section class="card" aria-labelledby="brief-title" data-testid="brief">
        <h2 id="brief-title">{t("In brief")}</h2>
        {brief ? (
          <Answers labels={read.labels} compartment={brief} />
        ) : (
          <p class="empty">{t("No answer is here that your key opens.")}</p>
        )}
      </section>
      <section class="card" aria-labelledby="work-title" data-testid="work">
        <h2 id="work-title">{compartmentName("team")}</h2>
        <Notes notes={notes} />
        {line.mine && line.status !== "done" ? (
          <NoteForm caseId={line.id} team={team} open={open} first={notes.length === 0} onNoted={onChanged} onGone={onGone} />
        ) : null}
      </section>
      <section class="card" aria-labelledby="consent-title">
        <h2 id="consent-title">{t("What the person agreed to")}</h2>
        <Consents consents={consents} />
      </section>
      {folded.map((compartment) => (
        <details key={compartment.name} class="card fold" data-testid={`fold-${compartment.name}`}>
          <summary>{compartmentName(compartment.name)}</summary>
          <Answers labels={read.labels} compartment={compartment} />
        </details>
      ))}
      {(read.file.strange ?? 0) === 0 ? null : (
        <Notice kind="error" testId="strange">
          {t("Something was put into this request that is not from the person, nor from your team. It is not shown. Tell whoever runs your server.")}
        </Notice>
      )}
      {own ? <Spoiled caseId={line.id} keys={read.opened.spoiled} onChanged={onChanged} onGone={onGone} /> : null}
      {own && open.me.roles.includes("coordinator") ? (
        <HoldersOf file={read.file} open={open} reason={props.reason} onGone={onGone} />
      ) : null}
      {own ? <RefersOf file={read.file} open={open} reason={props.reason} onGone={onGone} /> : null}
      <Timeline log={read.file.log} />
      <Button testId="case-refresh" kind="quiet" onClick={() => void onChanged()}>{t("Look for news")}</Button>
      <Actions
        id={line.id}
        acts={acts(line, own)}
        mine={line.mine}
        onDone={(act) => (act === "pass" || act === "conflict" ? props.onAway() : void onChanged())}
        onGone={onGone}
      />
    </>
  );
}

function CaseHead({ line }: { readonly line: CaseLine }): JSX.Element {
  return (
    <header class="case-head">
      <Heading>
        <bdi data-testid="case-code">{line.code}</bdi>
      </Heading>
      <Urgency code={line.urgency} />
      <p class="line-need">{list(line.needs.map(needName))}</p>
      <p class="line-facts" data-testid="case-facts">
        {line.area === "" ? t("Area not told") : <bdi>{line.area}</bdi>} · {lineFacts(line)}
      </p>
    </header>
  );
}

function Timeline({ log }: { readonly log: readonly LogLine[] }): JSX.Element | null {
  if (log.length === 0) return null;
  return (
    <details class="card fold" data-testid="timeline">
      <summary>{t("Timeline")}</summary>
      <ol class="timeline">
        {log.map((entry, at) => (
          <li key={at}>
            <small>{moment(entry.at)}</small> {logName(entry.kind)}
            {entry.member ? (
              <>
                {" · "}
                <bdi>{entry.member}</bdi>
              </>
            ) : null}
          </li>
        ))}
      </ol>
    </details>
  );
}
