/** What can be done with a case. What cannot be undone asks once more. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { Button, Notice } from "../../shared/ui";

type Act = "take" | "pass" | "conflict" | "done";

interface Props {
  readonly id: string;
  readonly acts: readonly Act[];
  readonly onDone: (act: Act) => void;
  readonly onGone: () => void;
}

const ASKS: readonly Act[] = ["conflict", "done"];

function name(act: Act): string {
  switch (act) {
    case "take":
      return t("Take");
    case "pass":
      return t("Pass");
    case "conflict":
      return t("I know this person");
    case "done":
      return t("Mark as done");
  }
}

function warning(act: Act): string {
  return act === "done"
    ? t("Mark as done? The person will be told that this request is closed.")
    : t("Someone you know? It goes to others without a word, and your key to it is destroyed.");
}

export function Actions({ id, acts, onDone, onGone }: Props): JSX.Element {
  const [busy, setBusy] = useState<Act | null>(null);
  const [asking, setAsking] = useState<Act | null>(null);
  const [error, setError] = useState("");
  const act = async (what: Act): Promise<void> => {
    setBusy(what);
    setError("");
    try {
      await api[what](id);
      setAsking(null);
      onDone(what);
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return onGone();
      setError(explain(thrown));
    }
    setBusy(null);
  };
  return (
    <div class="case-actions" data-testid="case-actions">
      {error === "" ? null : <Notice kind="error" testId="action-error">{error}</Notice>}
      {asking ? (
        <Confirm act={asking} busy={busy !== null} onYes={() => void act(asking)} onNo={() => setAsking(null)} />
      ) : (
        <div class="actions">
          {acts.map((what) => (
            <Button
              key={what}
              testId={`case-${what}`}
              kind={what === "take" ? "main" : "plain"}
              busy={busy === what}
              onClick={() => (ASKS.includes(what) ? setAsking(what) : void act(what))}
            >
              {name(what)}
            </Button>
          ))}
        </div>
      )}
    </div>
  );
}

function Confirm(props: {
  readonly act: Act;
  readonly busy: boolean;
  readonly onYes: () => void;
  readonly onNo: () => void;
}): JSX.Element {
  const no = useRef<HTMLButtonElement>(null);
  useEffect(() => no.current?.focus(), []);
  return (
    <div class="confirm" role="group" aria-labelledby="confirm-text" data-testid="confirm">
      <p id="confirm-text">{warning(props.act)}</p>
      <div class="actions">
        <Button testId="confirm-yes" kind="danger" busy={props.busy} onClick={props.onYes}>
          {name(props.act)}
        </Button>
        <Button testId="confirm-no" buttonRef={no} onClick={props.onNo}>{t("Go back")}</Button>
      </div>
    </div>
  );
}
