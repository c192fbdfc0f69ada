/** Referring a case to a member of another organisation, and what became of it. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import type { CaseFile, CaseReferrals, Priority, Referral } from "../../api/types";
import type { RosterMember } from "../../crypto";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { list, moment } from "../../shared/times";
import { Button, Field, Form, Loading, Notice } from "../../shared/ui";
import { compartmentName, priorityName, referralState } from "../names";
import { Sure } from "../people/screen";
import type { Open } from "../session";
import { sealedParts } from "./granting";
import { ORDER } from "./opened";

interface Props {
  readonly file: CaseFile;
  readonly open: Open;
  readonly reason: string;
  readonly onGone: () => void;
}

const PRIORITIES: readonly Priority[] = ["high", "medium", "low"];

export function RefersOf({ file, open, reason, onGone }: Props): JSX.Element {
  const id = file.case.id;
  const [known, setKnown] = useState<CaseReferrals | null>(null);
  const [error, setError] = useState("");
  const [done, setDone] = useState("");
  const refuse = (thrown: unknown): void => {
    if (thrown instanceof ApiError && thrown.status === 401) onGone();
    else setError(refusal(thrown));
  };
  const load = (): Promise<void> => api.caseReferrals(id, reason).then(setKnown, refuse);
  useEffect(() => void load(), [id]);
  const after = (said: string): void => {
    setError("");
    setDone(said);
    void load();
  };
  const revoke = (one: Referral): Promise<void> =>
    api.revokeReferral(one.id, reason).then(() => after(t("{name} reads nothing of it any more.", { name: one.receiver })), refuse);
  return (
    <details class="card fold" data-testid="refer">
      <summary>{t("Refer")}</summary>
      {error === "" ? null : <Notice kind="error" testId="refer-error">{error}</Notice>}
      {done === "" ? null : <Notice kind="good" testId="refer-done">{done}</Notice>}
      {known === null ? (
        error === "" ? <Loading /> : <Button testId="refer-again" onClick={() => void load()}>{t("Try again")}</Button>
      ) : (
        <>
          <Referrals referrals={known.referrals} onRevoke={revoke} />
          <Ask
            file={file}
            open={open}
            reason={reason}
            allowed={known.allowed}
            onAsked={(name) => after(t("{name} is asked. Until they accept they read nothing.", { name }))}
            onRefused={(thrown) => {
              setDone("");
              refuse(thrown);
            }}
          />
        </>
      )}
    </details>
  );
}

function refusal(error: unknown): string {
  if (!(error instanceof ApiError)) return explain(error);
  switch (error.code) {
    case "consent_needed":
      return t("Say when and how the person agreed.");
    case "not_allowed":
      return t("This request may not be referred to this member.");
    case "referred_already":
      return t("It is referred to this member already.");
    case "referral_over":
      return t("This referral is over already. Look again.");
    case "other_generation":
      return t("The keys of this request changed. Open it again, then refer it.");
    default:
      return explain(error);
  }
}

function Referrals(props: {
  readonly referrals: readonly Referral[];
  readonly onRevoke: (one: Referral) => Promise<void>;
}): JSX.Element {
  if (props.referrals.length === 0) return <p class="empty">{t("It was referred to nobody yet.")}</p>;
  return (
    <ul class="notes" data-testid="referrals">
      {props.referrals.map((one) => (
        <li key={one.id} data-testid={`referral-${one.receiver}`}>
          <strong><bdi>{one.receiver}</bdi> · <bdi>{one.receiver_organisation}</bdi></strong>{" "}
          <span class="pill" data-testid="referral-state">{referralState(one.status)}</span>
          <p class="line-facts">
            {list(one.compartments.map(compartmentName))} · {until(one)}
          </p>
          {one.answer === "" ? null : <p class="own-words" dir="auto" data-testid="referral-answer">{one.answer}</p>}
          {one.status === "in_progress" || one.status === "accepted" ? (
            <Sure
              testId="revoke"
              label={t("Take it back")}
              question={t("{name} loses the key at once. Go on?", { name: one.receiver })}
              onYes={() => props.onRevoke(one)}
            />
          ) : null}
        </li>
      ))}
    </ul>
  );
}

/** Until when an answer is due, or since when it is over. */
function until(one: Referral): string {
  if (one.settled_at !== null) return moment(one.settled_at);
  if (one.status !== "in_progress") return moment(one.asked_at);
  return one.late
    ? t("No answer by {time}", { time: moment(one.due_at) })
    : t("Answer by {time}", { time: moment(one.due_at) });
}

function Ask(props: {
  readonly file: CaseFile;
  readonly open: Open;
  readonly reason: string;
  readonly allowed: readonly string[];
  readonly onAsked: (name: string) => void;
  readonly onRefused: (error: unknown) => void;
}): JSX.Element {
  const { file, open } = props;
  const [to, setTo] = useState("");
  const [parts, setParts] = useState<readonly string[]>([]);
  const [consent, setConsent] = useState("");
  const [priority, setPriority] = useState<Priority>("high");
  const [note, setNote] = useState("");
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const select = useRef<HTMLSelectElement>(null);
  // Only keys of the list that this browser checked are sealed to, whatever the server says.
  const possible = (open.roster?.members ?? []).filter((one) => props.allowed.includes(one.id));
  const held = ORDER.filter((name) => file.grants.some((one) => one.compartment === name));
  if (possible.length === 0) {
    return <p class="empty" data-testid="refer-nobody">{t("No member of another organisation can be asked.")}</p>;
  }
  const missing = (member: RosterMember | undefined): string => {
    if (!member) return t("Choose who is asked.");
    if (parts.length === 0) return t("Choose at least one part.");
    return consent.trim() === "" ? t("Say when and how the person agreed.") : "";
  };
  const ask = async (): Promise<void> => {
    const member = possible.find((one) => one.id === to);
    const lacks = missing(member);
    setWrong(lacks);
    if (busy || !member || lacks !== "") return;
    setBusy(true);
    try {
      const grants = await sealedParts(file.case.id, file.grants, parts, open.me.id, open.keys, member);
      if (grants === null) {
        setWrong(t("Your key does not open all of these parts. Leave out what does not open."));
      } else {
        await api.refer(file.case.id, {
          receiver: member.id,
          grants,
          priority,
          consent: consent.trim(),
          note: note.trim(),
          reason: props.reason,
        });
        setTo("");
        setParts([]);
        setConsent("");
        setNote("");
        select.current?.focus();
        props.onAsked(member.name);
      }
    } catch (thrown) {
      props.onRefused(thrown);
    }
    setBusy(false);
  };
  return (
    <Form testId="refer-form" onSubmit={() => void ask()}>
      <div class="field">
        <label for="refer-to">{t("Refer to")}</label>
        <select id="refer-to" ref={select} data-testid="refer-to" value={to} onInput={(event) => setTo(event.currentTarget.value)}>
          <option value="">{t("Nobody")}</option>
          {possible.map((one) => (
            <option key={one.id} value={one.id}>{`${one.name} · ${one.organisation}`}</option>
          ))}
        </select>
      </div>
      <Parts held={held} chosen={parts} onChange={setParts} />
      <Field
        id="refer-consent"
        label={t("When and how the person agreed")}
        hint={t("The person's own yes to this organisation and these parts; without it nothing is referred. The server, the receiver and the auditor can read it: no name, no story.")}
        value={consent}
        onInput={setConsent}
        kind="words"
        max={300}
      />
      <div class="field">
        <label for="refer-priority">{t("How soon")}</label>
        <select id="refer-priority" data-testid="refer-priority" value={priority} onInput={(event) => setPriority(event.currentTarget.value as Priority)}>
          {PRIORITIES.map((one) => (
            <option key={one} value={one}>{priorityName(one)}</option>
          ))}
        </select>
      </div>
      <Field
        id="refer-note"
        label={t("A note to them")}
        hint={t("They read it before they accept, and the server can read it: no name, no story.")}
        value={note}
        onInput={setNote}
        kind="words"
        required={false}
        max={1000}
      />
      {wrong === "" ? null : <Notice kind="error" testId="refer-wrong">{wrong}</Notice>}
      <Button testId="refer-send" kind="main" type="submit" busy={busy}>{t("Seal it and ask")}</Button>
    </Form>
  );
}

function Parts(props: {
  readonly held: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}): JSX.Element {
  const { held, chosen, onChange } = props;
  return (
    <fieldset class="field">
      <legend>{t("Which parts they need")}</legend>
      {held.map((name) => (
        <label key={name} class="check">
          <input
            type="checkbox"
            data-testid={`refer-part-${name}`}
            checked={chosen.includes(name)}
            onInput={(event) =>
              onChange(event.currentTarget.checked ? [...chosen, name] : chosen.filter((one) => one !== name))
            }
          />
          <span>{compartmentName(name)}</span>
        </label>
      ))}
    </fieldset>
  );
}
