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
  /** Passing on what one has taken gives it back, and asks first. */
  readonly mine?: boolean;
  readonly onDone: (act: Act) => void;
  readonly onGone: () => void;
}

function asks(act: Act, mine: boolean): boolean {
  return act === "conflict" || act === "done" || (act === "pass" && mine);
}

function name(act: Act, mine: boolean): string {
  switch (act) {
    case "take":
      return t("Take");
    case "pass":
      return mine ? t("Give it back") : t("Pass");
    case "conflict":
      return t("I know this person");
    case "done":
      return t("Mark as done");
  }
}

function warning(act: Act): string {
  if (act === "done") return t("Mark as done? The person will be told that this request is closed.");
  return act === "pass"
    ? t("Give it back? Others are alerted, and you no longer read it.")
    : t("Someone you know? It goes to others without a word, and your key to it is destroyed.");
}

export function Actions({ id, acts, mine = false, onDone, onGone }: Props): JSX.Element {
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
        <Confirm act={asking} label={name(asking, mine)} busy={busy !== null} onYes={() => void act(asking)} onNo={() => setAsking(null)} />
      ) : (
        <div class="actions">
          {acts.map((what) => (
            <Button
              key={what}
              testId={`case-${what}`}
              kind={what === "take" ? "main" : "plain"}
              busy={busy === what}
              onClick={() => (asks(what, mine) ? setAsking(what) : void act(what))}
            >
              {name(what, mine)}
            </Button>
          ))}
        </div>
      )}
    </div>
  );
}

function Confirm(props: {
  readonly act: Act;
  readonly label: string;
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
          {props.label}
        </Button>
        <Button testId="confirm-no" buttonRef={no} onClick={props.onNo}>{t("Go back")}</Button>
      </div>
    </div>
  );
}
