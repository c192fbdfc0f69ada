/** The second factor: a picture for the authenticator app, and its first code. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import type { Invitation } from "../../api/types";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { QrCode } from "../../shared/qr";
import { Secret } from "../../shared/secret";
import { Button, Field, Form, Heading } from "../../shared/ui";

interface Props {
  readonly invitation: Invitation;
  readonly onCode: (totp: string) => Promise<void>;
  /** Null: there was nothing to choose from. */
  readonly onBack: (() => void) | null;
}

function refusal(error: unknown): string {
  const wrong = error instanceof ApiError && [400, 401, 403, 422].includes(error.status);
  return wrong ? t("This code is not right. Look again, or wait for the next one.") : explain(error);
}

export function CodeStep({ invitation, onCode, onBack }: Props): JSX.Element {
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const send = async (): Promise<void> => {
    const digits = code.replace(/\s/gu, "");
    if (busy || digits === "") return setError(busy ? "" : t("Please type the code."));
    setBusy(true);
    setError("");
    try {
      await onCode(digits);
    } catch (thrown) {
      setError(refusal(thrown));
      setBusy(false);
    }
  };
  return (
    <section class="card narrow" data-testid="enrol-code">
      <Heading>{t("Your authenticator app")}</Heading>
      <p>{t("Let the app read this picture, or type the secret into it. Then type the code that it shows.")}</p>
      <QrCode text={invitation.totp_uri} label={t("Picture for your authenticator app")} />
      <Secret text={invitation.totp_secret} testId="totp-secret" />
      <p>
        <a href={invitation.totp_uri} data-testid="totp-uri">{t("Open the app on this device")}</a>
      </p>
      <Form testId="code-form" onSubmit={() => void send()}>
        <Field id="enrol-totp" label={t("Code, 6 digits")} value={code} onInput={setCode} kind="code" error={error} />
        <Button testId="enrol-confirm" kind="main" type="submit" busy={busy}>
          {busy ? t("Locking your key…") : t("Finish")}
        </Button>
        {onBack === null ? null : <Button testId="enrol-other" kind="quiet" onClick={onBack}>{t("Back")}</Button>}
      </Form>
    </section>
  );
}
