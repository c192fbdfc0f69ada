/** What is needed besides the words: a passkey of this device, or the code of an app. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import { makePasskey, PasskeyError } from "../../crypto";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { Button, Heading, Notice } from "../../shared/ui";

interface Props {
  readonly token: string;
  readonly onPasskey: (passkey: unknown) => Promise<void>;
  readonly onApp: () => void;
}

function refusal(error: unknown): string {
  const none = error instanceof ApiError && ["wrong_passkey", "no_passkeys"].includes(error.code);
  return none || error instanceof PasskeyError
    ? t("No passkey was made. Try again, or take the authenticator app.")
    : explain(error);
}

function label(state: "" | "asking" | "locking"): string {
  if (state === "asking") return t("This device asks you now…");
  return state === "locking" ? t("Locking your key…") : t("Passkey on this device");
}

export function FactorStep({ token, onPasskey, onApp }: Props): JSX.Element {
  const [state, setState] = useState<"" | "asking" | "locking">("");
  const [error, setError] = useState("");
  const make = async (): Promise<void> => {
    setState("asking");
    setError("");
    try {
      const { options } = await api.enrolPasskey(token);
      const passkey = await makePasskey(options);
      setState("locking");
      await onPasskey(passkey);
    } catch (thrown) {
      setError(refusal(thrown));
      setState("");
    }
  };
  return (
    <section class="card narrow" data-testid="enrol-factor">
      <Heading>{t("Besides the words")}</Heading>
      <p>{t("Whoever finds your words must not get in with them alone. What else do you want to unlock with?")}</p>
      {error === "" ? null : <Notice kind="error" testId="factor-error">{error}</Notice>}
      <div class="choice">
        <Button testId="factor-passkey" kind="main" busy={state !== ""} onClick={() => void make()}>
          {label(state)}
        </Button>
        <p class="hint">{t("As you unlock this device: a fingerprint, your face, or its PIN. There is nothing to type.")}</p>
      </div>
      <div class="choice">
        <Button testId="factor-app" disabled={state !== ""} onClick={onApp}>{t("Authenticator app")}</Button>
        <p class="hint">{t("An app that shows a new code every half minute. It may be on another phone.")}</p>
      </div>
    </section>
  );
}
