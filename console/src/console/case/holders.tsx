/** Who holds a key of this case; a coordinator gives one to somebody else. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import type { CaseFile, Holders } from "../../api/types";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { list } from "../../shared/times";
import { Button, Field, Form, Loading, Notice } from "../../shared/ui";
import { compartmentName } from "../names";
import type { Open } from "../session";
import { grantsFor } from "./granting";

interface Props {
  readonly file: CaseFile;
  readonly open: Open;
  readonly reason: string;
  readonly onGone: () => void;
}

const HELP = ["brief", "medical", "team"];
const ACCOUNT = ["account", "perpetrator", "evidence"];

export function HoldersOf({ file, open, reason, onGone }: Props): JSX.Element {
  const id = file.case.id;
  const [holders, setHolders] = useState<Holders | null>(null);
  const [error, setError] = useState("");
  const [done, setDone] = useState("");
  const refuse = (thrown: unknown): void => {
    if (thrown instanceof ApiError && thrown.status === 401) onGone();
    else setError(refusal(thrown));
  };
  const load = (): Promise<void> => api.holders(id, reason).then(setHolders, refuse);
  useEffect(() => void load(), [id]);
  const nameOf = (one: string): string =>
    one === "recovery" ? t("the recovery papers") : (names.get(one) ?? t("somebody who left"));
  const names = new Map((open.roster?.members ?? []).map((one) => [one.id, one.name]));
  return (
    <details class="card fold" data-testid="holders">
      <summary>{t("Who has a key")}</summary>
      {error === "" ? null : <Notice kind="error" testId="holders-error">{error}</Notice>}
      {done === "" ? null : <Notice kind="good" testId="holders-done">{done}</Notice>}
      {holders === null ? (
        error === "" ? <Loading /> : null
      ) : (
        <>
          <dl class="facts">
            {Object.entries(holders.held).map(([name, ids]) => (
              <div key={name}>
                <dt>{compartmentName(name)}</dt>
                <dd data-testid={`holders-${name}`}>
                  {list(ids.map(nameOf))}
                  {(holders.asked[name] ?? []).length === 0 ? null : (
                    <small data-testid={`asked-${name}`}>
                      {" "}
                      {t("Asked, not yet accepted: {names}", { names: list((holders.asked[name] ?? []).map(nameOf)) })}
                    </small>
                  )}
                </dd>
              </div>
            ))}
          </dl>
          <Give
            file={file}
            open={open}
            reason={reason}
            allowed={holders.allowed}
            onGiven={(name) => {
              setDone(t("{name} has a key now.", { name }));
              void load();
            }}
            onRefused={refuse}
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
      return t("Say when and how the person agreed that they read what was told.");
    case "not_allowed":
      return t("This member may not be given a key of this case.");
    default:
      return explain(error);
  }
}

function Give(props: {
  readonly file: CaseFile;
  readonly open: Open;
  readonly reason: string;
  readonly allowed: readonly string[];
  readonly onGiven: (name: string) => void;
  readonly onRefused: (error: unknown) => void;
}): JSX.Element {
  const { file, open } = props;
  const [to, setTo] = useState("");
  const [account, setAccount] = useState(false);
  const [consent, setConsent] = useState("");
  const [busy, setBusy] = useState(false);
  // Only keys of the list that this browser checked are sealed to, whatever the server says.
  const possible = (open.roster?.members ?? []).filter(
    (one) => one.id !== open.me.id && props.allowed.includes(one.id),
  );
  const holds = new Set(file.grants.map((one) => one.compartment));
  const give = async (): Promise<void> => {
    const member = possible.find((one) => one.id === to);
    if (busy || !member) return;
    setBusy(true);
    try {
      const names = account ? [...HELP, ...ACCOUNT] : HELP;
      const grants = await grantsFor(file.case.id, file.grants, names, open.me.id, open.keys, member);
      await api.grant(file.case.id, {
        grants,
        why: account ? "agreed" : "returned",
        consent: consent.trim(),
        reason: props.reason,
      });
      setTo("");
      setConsent("");
      setAccount(false);
      props.onGiven(member.name);
    } catch (thrown) {
      props.onRefused(thrown);
    }
    setBusy(false);
  };
  return (
    <Form testId="give-form" onSubmit={() => void give()}>
      <div class="field">
        <label for="give-to">{t("Give a key to")}</label>
        <select id="give-to" data-testid="give-to" value={to} onInput={(event) => setTo(event.currentTarget.value)}>
          <option value="">{t("Nobody")}</option>
          {possible.map((one) => (
            <option key={one.id} value={one.id}>{`${one.name} · ${one.organisation}`}</option>
          ))}
        </select>
      </div>
      {ACCOUNT.some((name) => holds.has(name)) ? (
        <label class="check">
          <input
            type="checkbox"
            data-testid="give-account"
            checked={account}
            onInput={(event) => setAccount(event.currentTarget.checked)}
          />
          <span>{t("Also what was told. The person agreed to this.")}</span>
        </label>
      ) : null}
      {account ? (
        <Field id="give-consent" label={t("When and how the person agreed")} value={consent} onInput={setConsent} />
      ) : null}
      <Button testId="give-send" kind="main" type="submit" busy={busy} disabled={to === ""}>{t("Give the key")}</Button>
    </Form>
  );
}
