/** Entry of `recovery.html`: one file, for a computer without a network. English alone. */

import "../shared/base.css";
import { render } from "preact";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { shareError } from "../console/people/papers";
import { save } from "../console/people/recovery";
import { ShareError } from "../crypto";
import { Button, Field, Form, Heading, Notice } from "../shared/ui";
import { type Outcome, PackageError, readPackage, recover } from "./opening";

function RecoveryPage(): JSX.Element {
  const [papers, setPapers] = useState<readonly string[]>(["", ""]);
  const [file, setFile] = useState<File | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const [outcome, setOutcome] = useState<Outcome | null>(null);

  const open = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setError("");
    setOutcome(null);
    try {
      if (file === null) throw new PackageError("no package");
      const made = await recover(papers, readPackage(await file.text()));
      setOutcome(made);
      if (made.opened > 0) save("relais-recovered.json", made.recovered);
    } catch (thrown) {
      setError(refusal(thrown));
    }
    setBusy(false);
  };
  return (
    <main>
      <section class="card">
        <Heading>Recovery</Heading>
        <p>This page works without a network. Take the cable out before you type a paper. It opens the cases of a package, and seals their keys to the one member that the package names. It shows nothing of what is in them.</p>
        {navigator.onLine ? <Notice kind="warn" testId="online">This computer says that it has a network.</Notice> : null}
        <Form testId="open-form" onSubmit={() => void open()}>
          <div class="field">
            <label for="package">The package that a coordinator saved (relais-recovery.json)</label>
            <input id="package" data-testid="package" type="file" accept="application/json,.json" onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} />
          </div>
          {papers.map((paper, at) => (
            <Field
              key={at}
              id={`paper-${at + 1}`}
              label={`Paper ${at + 1}: its letters and numbers`}
              value={paper}
              onInput={(typed) => setPapers(papers.map((one, place) => (place === at ? typed : one)))}
              kind="words"
              required={false}
            />
          ))}
          <div class="actions">
            <Button testId="more" onClick={() => setPapers([...papers, ""])}>One more paper</Button>
            <Button testId="open" kind="main" type="submit" busy={busy}>Open and seal anew</Button>
          </div>
        </Form>
        {error === "" ? null : <Notice kind="error" testId="error">{error}</Notice>}
        {outcome === null ? null : (
          <Notice kind={outcome.opened > 0 ? "good" : "error"} testId="outcome">
            {outcome.opened > 0
              ? `${outcome.opened} keys were sealed anew and saved as relais-recovered.json. Bring that file to the console, under "People".`
              : "These papers open none of these cases. Papers of another year may."}
            {outcome.closed > 0 ? ` ${outcome.closed} keys stayed closed.` : ""}
          </Notice>
        )}
      </section>
    </main>
  );
}

function refusal(error: unknown): string {
  if (error instanceof ShareError) return shareError(error);
  if (error instanceof PackageError) return "Choose the package that a coordinator saved.";
  return "This could not be done. Reload the page, and try again.";
}

const place = document.getElementById("app");
if (place) render(<RecoveryPage />, place);
