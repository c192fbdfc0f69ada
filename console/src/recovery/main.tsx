/** Entry of `recovery.html`: one file, for a computer without a network. English alone. */

import "../shared/base.css";
import { render } from "preact";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { shareError } from "../console/people/papers";
import { save } from "../console/people/recovery";
import { ShareError } from "../crypto";
import { Button, Field, Form, Heading, Notice } from "../shared/ui";
import type { Package } from "../api/types";
import { type Addressee, addresseeOf, type Outcome, PackageError, readPackage, recover } from "./opening";

function RecoveryPage(): JSX.Element {
  const [papers, setPapers] = useState<readonly string[]>(["", ""]);
  const [bundle, setBundle] = useState<Package | null>(null);
  const [to, setTo] = useState<Addressee | null>(null);
  const [compared, setCompared] = useState<Compared>(NOTHING);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const [outcome, setOutcome] = useState<Outcome | null>(null);

  const choose = async (file: File | undefined): Promise<void> => {
    setBundle(null);
    setTo(null);
    setCompared(NOTHING);
    setOutcome(null);
    setError("");
    try {
      if (!file) throw new PackageError("none");
      const read = readPackage(await file.text());
      setTo(await addresseeOf(read, Date.now()));
      setBundle(read);
    } catch (thrown) {
      setError(refusal(thrown));
    }
  };
  const open = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setError("");
    setOutcome(null);
    try {
      if (bundle === null) throw new PackageError("none");
      if (!compared.words || !compared.root) throw new Error("compare");
      const made = await recover(papers, bundle, Date.now());
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
            <input id="package" data-testid="package" type="file" accept="application/json,.json" onChange={(event) => void choose(event.currentTarget.files?.[0])} />
          </div>
          {to === null ? null : <Compare to={to} cases={bundle?.cases.map((one) => one.code) ?? []} compared={compared} onCompared={setCompared} />}
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

interface Compared {
  readonly words: boolean;
  readonly root: boolean;
}

const NOTHING: Compared = { words: false, root: false };

/** A package comes by the server: only people can tell whether it names the right key. */
function Compare(props: {
  readonly to: Addressee;
  readonly cases: readonly string[];
  readonly compared: Compared;
  readonly onCompared: (compared: Compared) => void;
}): JSX.Element {
  const { member, words, root, list } = props.to;
  const { cases, compared, onCompared } = props;
  return (
    <section class="card" data-testid="addressee" aria-label="Compare">
      <p>
        The cases {cases.join(", ")} would be opened to <strong><bdi>{member.name}</bdi></strong> of <bdi>{member.organisation}</bdi>. Let them read the six words that their own console shows:
      </p>
      <p class="fingerprint" dir="ltr" data-testid="words">{words}</p>
      <label class="tick">
        <input type="checkbox" data-testid="compared-words" checked={compared.words} onChange={(event) => onCompared({ ...compared, words: event.currentTarget.checked })} />{" "}
        They read the same six words.
      </label>
      <p>
        The list of members (number {list.version}, signed {list.signed.slice(0, 10)}) begins with this key. It must be the one that stands on your papers; where they do not show one, the one that a coordinator's console shows under "People":
      </p>
      <p class="fingerprint" dir="ltr" data-testid="root">{root}</p>
      <label class="tick">
        <input type="checkbox" data-testid="compared-root" checked={compared.root} onChange={(event) => onCompared({ ...compared, root: event.currentTarget.checked })} />{" "}
        It is the same key.
      </label>
      <p>If one of them is not the same: stop, and seal nothing. Somebody changed the package.</p>
    </section>
  );
}

function refusal(error: unknown): string {
  if (error instanceof ShareError) return shareError(error);
  if (error instanceof PackageError) {
    switch (error.code) {
      case "older":
        return "This package is of an earlier version, and does not say whose key it is. Save it again in the console.";
      case "expired":
        return "The list of members in this package is not in force any more. Let a coordinator sign it again, and save the package anew. Is the date of this computer right?";
      case "unsigned":
        return "The list of members in this package is not signed as it should be. Somebody may have changed it: seal nothing.";
      case "none":
        return "Choose the package that a coordinator saved.";
    }
  }
  if (error instanceof Error && error.message === "compare") return "Compare the words and the key first, then tick.";
  return "This could not be done. Reload the page, and try again.";
}

const place = document.getElementById("app");
if (place) render(<RecoveryPage />, place);
