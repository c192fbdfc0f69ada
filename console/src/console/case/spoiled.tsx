/** Keys of a case that were given to this member and do not open: they go back, for right ones. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { list } from "../../shared/times";
import { Button, Notice } from "../../shared/ui";
import { compartmentName } from "../names";
import type { Place } from "./opened";

interface Props {
  readonly caseId: string;
  readonly keys: readonly Place[];
  readonly onChanged: () => Promise<void>;
  readonly onGone: () => void;
}

export function Spoiled({ caseId, keys, onChanged, onGone }: Props): JSX.Element | null {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const [asked, setAsked] = useState(false);
  if (keys.length === 0) return null;
  const names = [...new Set(keys.map((one) => compartmentName(one.compartment)))];
  const giveBack = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setError("");
    try {
      for (const { compartment, generation } of keys) await api.giveBack(caseId, { compartment, generation });
      await onChanged();
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return onGone();
      setError(explain(thrown));
    }
    setBusy(false);
  };
  return (
    <section class="card" data-testid="spoiled">
      <Notice kind="warn">{t("A key that you were given does not open: {names}.", { names: list(names) })}</Notice>
      <p>{t("Give it back, and ask a coordinator for a new one. Nothing else can replace it.")}</p>
      {error === "" ? null : <Notice kind="error" testId="spoiled-error">{error}</Notice>}
      {asked ? (
        <Button testId="spoiled-yes" kind="danger" busy={busy} onClick={() => void giveBack()}>{t("Give it back now")}</Button>
      ) : (
        <Button testId="spoiled-back" onClick={() => setAsked(true)}>{t("Give it back")}</Button>
      )}
    </section>
  );
}
