/** The first screen: name, six words, code. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, ApiError } from "../api/client";
import type { Me } from "../api/types";
import { explain } from "../shared/explain";
import { t } from "../shared/i18n";
import { Button, Field, Form, Heading, Notice } from "../shared/ui";
import { canPasskey, PasskeyError } from "../crypto";
import { type Open, unlock, unlockAgain, UnknownRoot } from "./session";

interface Props {
  /** A session that outlived a reload: only the words are missing. */
  readonly known: Me | null;
  readonly name: string;
  /** Root of an invitation that was opened in this page. */
  readonly root: string | null;
  readonly notice: string;
  readonly onOpen: (open: Open) => void;
  readonly onForget: () => void;
}

function refusal(error: unknown): string {
  if (error instanceof PasskeyError || (error instanceof ApiError && error.code === "no_passkeys")) {
    return t("No passkey was given. Type a code of your authenticator app, or one for a lost phone.");
  }
  if (error instanceof ApiError && error.status === 401) {
    return t("The name, the words or the code is wrong. Each code works once: wait for the next one.");
  }
  return explain(error);
}

export function Unlock(props: Props): JSX.Element {
  const { known } = props;
  const [name, setName] = useState(props.name);
  const [words, setWords] = useState("");
  const [totp, setTotp] = useState("");
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const [unknown, setUnknown] = useState<UnknownRoot | null>(null);

  const attempt = async (session: Me | null, root: string | null, passkey = false): Promise<void> => {
    if (busy) return;
    const code = passkey || totp.trim() !== "";
    if (words.trim() === "" || (!session && (name.trim() === "" || !code))) {
      setError(t("Please fill in every field."));
      return;
    }
    setBusy(true);
    setError("");
    try {
      const open = session
        ? await unlockAgain(session, words, root)
        : await unlock({ name, words, totp: passkey ? null : totp }, root);
      setWords("");
      props.onOpen(open);
    } catch (thrown) {
      if (thrown instanceof UnknownRoot) setUnknown(thrown);
      else setError(refusal(thrown));
      setTotp("");
      setBusy(false);
    }
  };

  const trust = async (root: string): Promise<void> => {
    setUnknown(null);
    try {
      await attempt(known ?? (await api.me()), root);
    } catch (thrown) {
      setError(refusal(thrown));
    }
  };

  if (unknown) return <CompareRoot unknown={unknown} onTrust={trust} onStop={props.onForget} />;
  return (
    <section class="card narrow" data-testid="unlock">
      <Heading>{t("Unlock")}</Heading>
      {props.notice === "" ? null : <Notice testId="unlock-notice">{props.notice}</Notice>}
      <Form testId="unlock-form" onSubmit={() => void attempt(known, props.root)}>
        {known ? (
          <p class="who" data-testid="unlock-known">{t("You are {name}.", { name: known.name })}</p>
        ) : (
          <Field id="unlock-name" label={t("Your name here")} value={name} onInput={setName} />
        )}
        <Field
          id="unlock-words"
          label={t("Your six words")}
          value={words}
          onInput={setWords}
          kind={shown ? "words" : "secret"}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={shown}
            data-testid="unlock-show"
            onInput={(event) => setShown(event.currentTarget.checked)}
          />
          <span>{t("Show the words")}</span>
        </label>
        {known ? null : (
          <Field
            id="unlock-code"
            label={t("Code of your authenticator app")}
            hint={t("Or one of your codes for a lost phone.")}
            value={totp}
            onInput={setTotp}
            kind="any-code"
          />
        )}
        {error === "" ? null : <Notice kind="error" testId="unlock-error">{error}</Notice>}
        <Button testId="unlock-submit" kind="main" type="submit" busy={busy}>
          {busy ? t("Opening your key…") : t("Unlock")}
        </Button>
        {known === null && canPasskey() ? (
          <Button testId="unlock-passkey" busy={busy} onClick={() => void attempt(null, props.root, true)}>
            {t("Unlock with a passkey")}
          </Button>
        ) : null}
      </Form>
      {known ? (
        <Button testId="unlock-other" kind="quiet" onClick={props.onForget}>
          {t("I am someone else")}
        </Button>
      ) : null}
      <p class="hint">{t("Your words stay in this browser. They are never sent.")}</p>
    </section>
  );
}

function CompareRoot(props: {
  readonly unknown: UnknownRoot;
  readonly onTrust: (root: string) => void;
  readonly onStop: () => void;
}): JSX.Element {
  return (
    <section class="card narrow" data-testid="unlock-root">
      <Heading>{t("New browser")}</Heading>
      <p>{t("This browser does not know your organisation's root yet. Ask your coordinator to read theirs to you, or open your invitation link here. They must be the same:")}</p>
      <p class="fingerprint" dir="ltr" data-testid="unlock-fingerprint">{props.unknown.shown}</p>
      <div class="actions">
        <Button testId="unlock-root-trust" kind="main" onClick={() => props.onTrust(props.unknown.root)}>
          {t("They are the same")}
        </Button>
        <Button testId="unlock-root-stop" onClick={props.onStop}>{t("Stop")}</Button>
      </div>
    </section>
  );
}
