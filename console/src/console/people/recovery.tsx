/** Cases whose keys are lost: a package for the recovery page, and back what it made. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import type { Recovered } from "../../api/types";
import { download } from "../../shared/download";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { Button, Field, Form, Notice } from "../../shared/ui";
import type { Open } from "../session";

interface Props {
  readonly open: Open;
  readonly onGone: () => void;
}

export function Recovery({ open, onGone }: Props): JSX.Element {
  const [codes, setCodes] = useState("");
  const [to, setTo] = useState(open.me.id);
  const [reason, setReason] = useState("");
  const [said, setSaid] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);

  const attempt = async (work: () => Promise<string>): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setError("");
    setSaid("");
    try {
      setSaid(await work());
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return onGone();
      setError(refusal(thrown));
    }
    setBusy(false);
  };
  const ask = (): Promise<void> =>
    attempt(async () => {
      const wanted = codes.toUpperCase().split(/[\s,;]+/u).filter((one) => one !== "");
      if (wanted.length === 0 || reason.trim().length < 3) throw new Error("empty");
      save("relais-recovery.json", await api.recoveryPackage(wanted, to, reason.trim()));
      return t("The package is saved. Carry it to the recovery page. Every coordinator was told.");
    });
  const bring = (file: File | undefined): Promise<void> =>
    attempt(async () => {
      if (!file) throw new Error("empty");
      const made = read(await file.text());
      for (const one of made.cases) await api.recovered(one.id, one.grants);
      return t("The keys are put away. The member opens the cases now.");
    });

  return (
    <details class="card fold" data-testid="recovery">
      <summary>{t("Open cases with the recovery papers")}</summary>
      <p>{t("For cases that nobody can open any more. You need enough keepers of the papers, in one room, and the recovery page on a computer without a network.")}</p>
      <p>
        <a href="/recovery.html" download data-testid="recovery-page">{t("Save the recovery page")}</a>
      </p>
      {error === "" ? null : <Notice kind="error" testId="recovery-error">{error}</Notice>}
      {said === "" ? null : <Notice kind="good" testId="recovery-said">{said}</Notice>}
      <Form testId="recovery-form" onSubmit={() => void ask()}>
        <Field id="recovery-codes" label={t("Codes of the cases")} value={codes} onInput={setCodes} kind="words" />
        <div class="field">
          <label for="recovery-to">{t("Who is to open them")}</label>
          <select id="recovery-to" data-testid="recovery-to" value={to} onInput={(event) => setTo(event.currentTarget.value)}>
            {(open.roster?.members ?? []).map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
          </select>
        </div>
        <Field id="recovery-reason" label={t("Why")} value={reason} onInput={setReason} />
        <Button testId="recovery-ask" kind="main" type="submit" busy={busy}>{t("Save the package")}</Button>
      </Form>
      <div class="field">
        <label for="recovery-file">{t("What the recovery page saved")}</label>
        <input
          id="recovery-file"
          data-testid="recovery-file"
          type="file"
          accept="application/json,.json"
          onChange={(event) => void bring(event.currentTarget.files?.[0])}
        />
      </div>
    </details>
  );
}

function refusal(error: unknown): string {
  if (error instanceof ApiError && error.code === "no_case") return t("There is no case of this code to recover.");
  if (error instanceof SyntaxError) return t("This is not what the recovery page saves.");
  if (error instanceof Error && error.message === "empty") return t("Please fill in every field.");
  return explain(error);
}

function read(text: string): Recovered {
  const made = JSON.parse(text) as Partial<Recovered>;
  if (made.format !== 1 || !Array.isArray(made.cases)) throw new SyntaxError();
  return made as Recovered;
}

/** Hand a document to the browser's downloads. */
export function save(name: string, document_: unknown): void {
  download(name, JSON.stringify(document_), "application/json");
}
