/** "I'm here": the switch that puts a member on call. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { Notice } from "../../shared/ui";

interface Props {
  readonly onCall: boolean;
  readonly linked: boolean;
  readonly onChange: (onCall: boolean) => void;
}

export function Duty({ onCall, linked, onChange }: Props): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const flip = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setError("");
    try {
      await api.onCall(!onCall);
      onChange(!onCall);
    } catch (thrown) {
      setError(explain(thrown));
    }
    setBusy(false);
  };
  return (
    <div class="card duty">
      <button
        type="button"
        class="switch"
        role="switch"
        aria-checked={onCall}
        aria-busy={busy}
        aria-describedby="duty-state"
        data-testid="on-call"
        onClick={() => void flip()}
      >
        <span class="track" aria-hidden="true" />
        <span>{t("I'm here")}</span>
      </button>
      <p id="duty-state" class="hint" role="status" data-testid="on-call-state">
        {onCall ? t("You are on call. Alerts come to you.") : t("You are not on call. No alert comes to you.")}
      </p>
      {onCall && !linked ? (
        <Notice kind="warn" testId="no-messenger">
          {t("No messenger is linked yet, so no alert can reach you.")}{" "}
          <a href="#/messengers">{t("Link a messenger")}</a>
        </Notice>
      ) : null}
      {error === "" ? null : <Notice kind="error" testId="on-call-error">{error}</Notice>}
    </div>
  );
}
