/** A member's own key: where it is open, codes for a lost phone, another authenticator, new words. */

import type { JSX } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import type { Security } from "../../api/types";
import {
  base64,
  canPasskey,
  freshArgon,
  makePasskey,
  PasskeyError,
  stretch,
  wipe,
  wrapSeed,
} from "../../crypto";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { QrCode } from "../../shared/qr";
import { Secret } from "../../shared/secret";
import { moment } from "../../shared/times";
import { Button, Field, Form, Heading, Loading, Notice } from "../../shared/ui";
import { WordsBack, WordsShown } from "../enrol/words";
import { type Open, secretsOf } from "../session";

interface Props {
  readonly open: Open;
  readonly onGone: () => void;
}

export function KeyScreen({ open, onGone }: Props): JSX.Element {
  const [security, setSecurity] = useState<Security | null>(null);
  const [error, setError] = useState("");
  const refuse = useCallback(
    (thrown: unknown): void => {
      if (thrown instanceof ApiError && thrown.status === 401) onGone();
      else setError(refusal(thrown));
    },
    [onGone],
  );
  const load = useCallback((): Promise<void> => api.security().then(setSecurity, refuse), [refuse]);
  useEffect(() => void load(), [load]);
  const end = (which: string): void => void api.endSessions(which).then(load, refuse);
  return (
    <div data-testid="key">
      <Heading>{t("My key")}</Heading>
      {error === "" ? null : <Notice kind="error" testId="key-error">{error}</Notice>}
      {security === null ? (
        error === "" ? <Loading /> : null
      ) : (
        <>
          <Sessions security={security} onEnd={end} />
          <Codes open={open} left={security.codes_left} onMade={() => void load()} onGone={onGone} />
          <Authenticator open={open} first={!security.authenticator} onDone={() => void load()} onGone={onGone} />
          <Passkeys open={open} security={security} onChanged={() => void load()} onGone={onGone} />
          <NewWords open={open} onDone={() => void load()} onGone={onGone} />
        </>
      )}
    </div>
  );
}

function refusal(error: unknown): string {
  if (error instanceof PasskeyError || (error instanceof ApiError && error.code === "wrong_passkey")) {
    return t("No passkey was made. Try again, or keep to the app.");
  }
  if (error instanceof ApiError && error.code === "last_factor") {
    return t("This is your only passkey, and you have no authenticator app. Add another one first, then remove this one.");
  }
  if (error instanceof ApiError && error.code === "wrong_words") {
    return t("These are not your words. Nothing was changed.");
  }
  if (error instanceof ApiError && error.code === "wrong_code") {
    return t("This code is not right. Look again, or wait for the next one.");
  }
  return explain(error);
}

function Sessions(props: { readonly security: Security; readonly onEnd: (which: string) => void }): JSX.Element {
  const { sessions } = props.security;
  return (
    <section class="card" data-testid="sessions">
      <h2>{t("Where you are signed in")}</h2>
      <ul class="lines">
        {sessions.map((one) => (
          <li key={one.id} class="line row">
            <span>
              {one.here ? t("Here") : t("Another browser")} ·{" "}
              {t("since {time}, last used {seen}", { time: moment(one.opened_at), seen: moment(one.seen_at) })}
            </span>
            {one.here ? null : (
              <Button testId={`end-${one.id}`} kind="quiet" onClick={() => props.onEnd(one.id)}>{t("Sign out")}</Button>
            )}
          </li>
        ))}
      </ul>
      {sessions.length < 2 ? null : (
        <Button testId="end-others" onClick={() => props.onEnd("others")}>{t("Sign out everywhere else")}</Button>
      )}
    </section>
  );
}

/** A field for the words, and what is done once they were proved. */
function WithWords(props: {
  readonly id: string;
  readonly label: string;
  readonly open: Open;
  readonly onGone: () => void;
  readonly work: (login: string) => Promise<void>;
}): JSX.Element {
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const send = async (): Promise<void> => {
    if (busy) return;
    if (words.trim() === "") return setError(t("Please fill in every field."));
    setBusy(true);
    setError("");
    try {
      const secrets = await secretsOf(props.open.me.name, words);
      const login = base64(secrets.login);
      wipe(secrets.login, secrets.wrap);
      setWords("");
      await props.work(login);
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return props.onGone();
      setError(refusal(thrown));
    }
    setBusy(false);
  };
  return (
    <Form testId={`${props.id}-form`} onSubmit={() => void send()}>
      <Field id={`${props.id}-words`} label={t("Your six words")} value={words} onInput={setWords} kind="secret" error={error} />
      <Button testId={`${props.id}-send`} type="submit" busy={busy}>{props.label}</Button>
    </Form>
  );
}

function Codes(props: {
  readonly open: Open;
  readonly left: number;
  readonly onMade: () => void;
  readonly onGone: () => void;
}): JSX.Element {
  const [codes, setCodes] = useState<readonly string[]>([]);
  return (
    <details class="card fold" data-testid="codes">
      <summary>{t("Codes for a lost phone ({count} left)", { count: props.left })}</summary>
      {codes.length > 0 ? (
        <>
          <p>{t("Write them on paper. Each works once, in place of a passkey or the app's code. They are shown only now; earlier ones work no more.")}</p>
          <ul class="words" dir="ltr" data-testid="codes-shown">
            {codes.map((code) => <li key={code}><code>{code}</code></li>)}
          </ul>
          <Button testId="codes-done" kind="main" onClick={() => setCodes([])}>{t("I have written them")}</Button>
        </>
      ) : (
        <WithWords
          id="codes"
          label={t("Make new codes")}
          open={props.open}
          onGone={props.onGone}
          work={async (login) => {
            setCodes((await api.recoveryCodes(login)).codes);
            props.onMade();
          }}
        />
      )}
    </details>
  );
}

function Authenticator(props: {
  readonly open: Open;
  /** There is none yet. */
  readonly first: boolean;
  readonly onDone: () => void;
  readonly onGone: () => void;
}): JSX.Element {
  const [next, setNext] = useState<{ totp_secret: string; totp_uri: string } | null>(null);
  const [code, setCode] = useState("");
  const [error, setError] = useState("");
  const [done, setDone] = useState(false);
  const finish = async (): Promise<void> => {
    setError("");
    try {
      await api.authenticator(code.replace(/\s/gu, ""));
      setNext(null);
      setCode("");
      setDone(true);
      props.onDone();
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return props.onGone();
      setError(refusal(thrown));
    }
  };
  return (
    <details class="card fold" data-testid="authenticator">
      <summary>{props.first ? t("An authenticator app") : t("Another authenticator app")}</summary>
      {done ? <Notice kind="good" testId="authenticator-done">{t("From now on this app counts. One that you had before counts no more.")}</Notice> : null}
      {next === null ? (
        <WithWords
          id="authenticator"
          label={t("Begin")}
          open={props.open}
          onGone={props.onGone}
          work={async (login) => {
            setDone(false);
            setNext(await api.newAuthenticator(login));
          }}
        />
      ) : (
        <Form testId="authenticator-finish" onSubmit={() => void finish()}>
          <p>{t("Let the app read this picture, or type the secret into it. Then type the code that it shows.")}</p>
          <QrCode text={next.totp_uri} label={t("Picture for your authenticator app")} />
          <Secret text={next.totp_secret} testId="new-secret" />
          <Field id="new-code" label={t("Code, 6 digits")} value={code} onInput={setCode} kind="code" error={error} />
          <Button testId="new-code-send" kind="main" type="submit">{t("Finish")}</Button>
        </Form>
      )}
    </details>
  );
}

function Passkeys(props: {
  readonly open: Open;
  readonly security: Security;
  readonly onChanged: () => void;
  readonly onGone: () => void;
}): JSX.Element | null {
  const { passkeys, passkeys_possible: possible } = props.security;
  const [error, setError] = useState("");
  const [fresh, setFresh] = useState("");
  const more = possible && canPasskey();
  if (!more && passkeys.length === 0) return null;
  const forget = async (id: string): Promise<void> => {
    setError("");
    try {
      await api.removePasskey(id);
      props.onChanged();
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return props.onGone();
      setError(refusal(thrown));
    }
  };
  return (
    <details class="card fold" data-testid="passkeys">
      <summary>{t("Passkeys ({count})", { count: passkeys.length })}</summary>
      <p>{t("A passkey stands in for the code of the app: a touch, a face or a stick. The six words are needed all the same.")}</p>
      <p>{t("A device is lost? Remove its passkey: you are signed out everywhere but here.")}</p>
      {error === "" ? null : <Notice kind="error" testId="passkeys-error">{error}</Notice>}
      <ul class="lines">
        {passkeys.map((one) => (
          <li key={one.id} class="line row" data-testid="passkey">
            <span>
              {one.id === fresh
                ? t("Made {time}, just now and here", { time: moment(one.made_at) })
                : t("Made {time}", { time: moment(one.made_at) })}
            </span>
            <Button testId="passkey-remove" kind="quiet" onClick={() => void forget(one.id)}>{t("Remove")}</Button>
          </li>
        ))}
      </ul>
      {more ? (
        <WithWords
          id="passkeys"
          label={t("Add a passkey")}
          open={props.open}
          onGone={props.onGone}
          work={async (login) => {
            const { options } = await api.newPasskey(login);
            const made = await makePasskey(options);
            await api.addPasskey(made);
            setFresh(made.id);
            setError("");
            props.onChanged();
          }}
        />
      ) : null}
    </details>
  );
}

/** The same key under six new words: the seed is wrapped anew here, the server sees neither. */
function NewWords(props: { readonly open: Open; readonly onDone: () => void; readonly onGone: () => void }): JSX.Element {
  const [before, setBefore] = useState<string | null>(null);
  const [words, setWords] = useState<readonly string[] | null>(null);
  const [state, setState] = useState<"" | "busy" | "done">("");
  const [error, setError] = useState("");
  const change = async (login: string, chosen: readonly string[]): Promise<void> => {
    setState("busy");
    setError("");
    const argon = freshArgon();
    const secrets = await stretch(chosen.join(" "), argon);
    try {
      await api.newWords({
        before: login,
        login: base64(secrets.login),
        wrapped_seed: base64(await wrapSeed(props.open.seed, secrets.wrap, props.open.me.name)),
        argon: { salt: base64(argon.salt), memory_kib: argon.memoryKib, passes: argon.passes, lanes: argon.lanes },
      });
      setState("done");
      props.onDone();
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return props.onGone();
      setError(refusal(thrown));
      setState("");
    } finally {
      wipe(secrets.login, secrets.wrap);
    }
    setBefore(null);
    setWords(null);
  };
  return (
    <details class="card fold" data-testid="new-words">
      <summary>{t("New words")}</summary>
      {error === "" ? null : <Notice kind="error" testId="new-words-error">{error}</Notice>}
      {state === "done" ? <Notice kind="good" testId="new-words-done">{t("The new words open your key from now on. Everywhere else you were signed out.")}</Notice> : null}
      {before === null ? (
        <WithWords id="new-words" label={t("Begin")} open={props.open} onGone={props.onGone} work={async (login) => { setState(""); setBefore(login); }} />
      ) : words === null ? (
        <WordsShown onNext={setWords} />
      ) : state === "busy" ? (
        <Loading label={t("Locking your key…")} />
      ) : (
        <WordsBack words={words} onNext={() => void change(before, words)} onAgain={() => setWords(null)} />
      )}
    </details>
  );
}
