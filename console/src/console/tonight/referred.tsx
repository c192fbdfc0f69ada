/** What others refer to this member: to be answered, or to be read. */

import type { JSX } from "preact";
import { useCallback, useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import type { Referral, Referrals } from "../../api/types";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { useEvery } from "../../shared/polling";
import { list, moment } from "../../shared/times";
import { Button, Field, Form, Loading, Notice } from "../../shared/ui";
import { compartmentName, referralState } from "../names";
import { EVERY_MS } from "./watch";

/** How many that are over are shown. */
const LAST = 3;

/** Asked for again and again, as tonight's list is. */
function useReferrals(onGone: () => void): { known: Referrals | null; error: unknown; refresh: () => Promise<void> } {
  const [known, setKnown] = useState<Referrals | null>(null);
  const [error, setError] = useState<unknown>(null);
  const refresh = useCallback(async (): Promise<void> => {
    try {
      setKnown(await api.referrals());
      setError(null);
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return onGone();
      setError(thrown);
    }
  }, [onGone]);
  useEvery(EVERY_MS, refresh);
  return { known, error, refresh };
}

/** What waits for an answer or is read comes first; of the rest the last few. */
export function shown(to: readonly Referral[]): readonly Referral[] {
  const alive = to.filter((one) => one.status === "in_progress" || one.status === "accepted");
  return [...alive, ...to.filter((one) => !alive.includes(one)).slice(0, LAST)];
}

export function ReferredToMe({ onGone }: { readonly onGone: () => void }): JSX.Element {
  const { known, error, refresh } = useReferrals(onGone);
  const lines = shown(known?.to_me ?? []);
  const waiting = lines.filter((one) => one.status === "in_progress");
  return (
    <section class="group" aria-labelledby="referred-to-me" data-testid="referred-to-me">
      <h2 id="referred-to-me">
        {t("Referred to you")} {waiting.length > 0 ? <span class="count">{waiting.length}</span> : null}
      </h2>
      <p class="visually-hidden" role="status">
        {waiting.length > 0 ? t("To be answered: {codes}", { codes: list(waiting.map((one) => one.code)) }) : ""}
      </p>
      {error === null ? null : <Notice kind="error" testId="referred-error">{explain(error)}</Notice>}
      {known === null ? (
        error === null ? <Loading /> : null
      ) : lines.length === 0 ? (
        <p class="empty">{t("Nothing is referred to you.")}</p>
      ) : (
        <ul class="lines">
          {lines.map((one) => (
            <Line key={one.id} one={one} onChanged={refresh} onGone={onGone} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Line(props: { readonly one: Referral; readonly onChanged: () => Promise<void>; readonly onGone: () => void }): JSX.Element {
  const { one } = props;
  return (
    <li class="line" data-testid={`referred-${one.code}`}>
      <div class="line-head">
        {one.status === "accepted" ? (
          <a class="code" href={`#/case/${one.case_id}`} data-testid={`referred-open-${one.code}`}><bdi>{one.code}</bdi></a>
        ) : (
          <span class="code"><bdi>{one.code}</bdi></span>
        )}
        <span class="pill" data-testid="referred-state">{referralState(one.status)}</span>
      </div>
      <p class="line-need">
        {t("From {name}, {organisation}", { name: one.sender, organisation: one.sender_organisation })}
      </p>
      {one.status === "in_progress" ? <Answer {...props} /> : null}
    </li>
  );
}

function Answer(props: { readonly one: Referral; readonly onChanged: () => Promise<void>; readonly onGone: () => void }): JSX.Element {
  const { one, onChanged, onGone } = props;
  const [busy, setBusy] = useState("");
  const [error, setError] = useState("");
  const [why, setWhy] = useState<string | null>(null);
  const act = async (what: "accept" | "reject"): Promise<void> => {
    if (busy !== "") return;
    if (what === "reject" && (why ?? "").trim() === "") return setError(t("Please give a reason."));
    setBusy(what);
    setError("");
    try {
      if (what === "accept") {
        await api.acceptReferral(one.id);
        location.hash = `#/case/${one.case_id}`;
      } else {
        await api.rejectReferral(one.id, (why ?? "").trim());
      }
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return onGone();
      setError(explain(thrown));
    }
    setBusy("");
    await onChanged();
  };
  return (
    <>
      <p class="line-facts">
        {list(one.compartments.map(compartmentName))} ·{" "}
        {one.late ? t("No answer by {time}", { time: moment(one.due_at) }) : t("Answer by {time}", { time: moment(one.due_at) })}
      </p>
      {one.note === "" ? null : <p class="own-words" dir="auto">{one.note}</p>}
      {error === "" ? null : <Notice kind="error" testId="answer-error">{error}</Notice>}
      {why === null ? (
        <div class="actions">
          <Button testId={`accept-${one.code}`} kind="main" busy={busy === "accept"} label={t("Accept {code}", { code: one.code })} onClick={() => void act("accept")}>
            {t("Accept")}
          </Button>
          <Button testId={`reject-${one.code}`} label={t("Do not accept {code}", { code: one.code })} onClick={() => setWhy("")}>
            {t("Do not accept")}
          </Button>
        </div>
      ) : (
        <Form testId="reject-form" onSubmit={() => void act("reject")}>
          <Field id={`why-${one.id}`} label={t("Reason")} hint={t("The sender reads it, and the auditor.")} value={why} onInput={setWhy} kind="words" max={300} />
          <div class="actions">
            <Button testId="reject-send" kind="danger" type="submit" busy={busy === "reject"}>{t("Do not accept")}</Button>
            <Button testId="reject-no" onClick={() => setWhy(null)}>{t("Go back")}</Button>
          </div>
        </Form>
      )}
    </>
  );
}
