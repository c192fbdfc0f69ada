/** By whom this case was referred to the reader; and the word back, with which the reading ends. */

import type { JSX } from "preact";
import { useCallback, useRef, useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import type { Referral } from "../../api/types";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { useEvery } from "../../shared/polling";
import { list } from "../../shared/times";
import { Button, Field, Form, Notice } from "../../shared/ui";
import { compartmentName } from "../names";
import type { Place } from "./opened";

interface Props {
  readonly referral: Referral;
  /** Keys that were sealed for it and do not open. */
  readonly spoiled: readonly Place[];
  readonly onDone: () => void;
  /** It was taken back. */
  readonly onOver: () => void;
  readonly onGone: () => void;
}

const LOOK_MS = 10_000;

/** What was taken back does not stay on the screen until somebody touches it. */
function useOver(id: string, onOver: () => void, onGone: () => void): void {
  const action = useRef(onOver);
  action.current = onOver;
  const gone = useRef(onGone);
  gone.current = onGone;
  const look = useCallback(async (): Promise<void> => {
    try {
      const { to_me: mine } = await api.referrals();
      if (!mine.some((one) => one.id === id && one.status === "accepted")) action.current();
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) gone.current();
    }
  }, [id]);
  useEvery(LOOK_MS, look);
}

export function Referred({ referral, spoiled, onDone, onOver, onGone }: Props): JSX.Element {
  useOver(referral.id, onOver, onGone);
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const finish = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setError("");
    try {
      await api.finishReferral(referral.id, note.trim());
      return onDone();
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return onGone();
      setError(explain(thrown));
    }
    setBusy(false);
  };
  const names = [...new Set(spoiled.map((one) => compartmentName(one.compartment)))];
  return (
    <section class="card" aria-labelledby="referred-title" data-testid="referred">
      <h2 id="referred-title">
        {t("Referred to you by {name}, {organisation}", { name: referral.sender, organisation: referral.sender_organisation })}
      </h2>
      <p class="line-facts">{list(referral.compartments.map(compartmentName))}</p>
      {referral.note === "" ? null : <p class="own-words" dir="auto" data-testid="referred-note">{referral.note}</p>}
      <p class="line-facts">{t("What the person agreed to")}</p>
      <p class="own-words" dir="auto" data-testid="referred-consent">{referral.consent}</p>
      {names.length === 0 ? null : (
        <Notice kind="warn" testId="referred-spoiled">
          {t("A key that was sealed for you does not open: {names}. Tell {name}, who can refer it again.", { names: list(names), name: referral.sender })}
        </Notice>
      )}
      {error === "" ? null : <Notice kind="error" testId="referred-error">{error}</Notice>}
      <Form testId="referred-form" onSubmit={() => void finish()}>
        <Field
          id="referred-back"
          label={t("A note back")}
          hint={t("What you did. {name} reads it, and the server can: no name, no story. With it you read no more.", { name: referral.sender })}
          value={note}
          onInput={setNote}
          kind="words"
          required={false}
          max={1000}
        />
        <Button testId="referred-done" kind="main" type="submit" busy={busy}>{t("Done")}</Button>
      </Form>
    </section>
  );
}
