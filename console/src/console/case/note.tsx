/** Notes of the team, and the form that seals a new one to the team before it leaves. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import { base64, hex, random, sealText, utf8 } from "../../crypto";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { moment } from "../../shared/times";
import { Button, Form, Notice } from "../../shared/ui";
import type { Open } from "../session";
import { type Note, signedStep, STEP, type Target } from "./opened";

export function Notes({ notes }: { readonly notes: readonly Note[] }): JSX.Element {
  if (notes.length === 0) return <p class="empty">{t("No step is noted yet.")}</p>;
  return (
    <ul class="notes" data-testid="notes">
      {notes.map((note) => (
        <li key={note.id}>
          <p class="own-words" dir="auto">{note.text}</p>
          <small>
            <bdi>{note.by}</bdi> · {moment(note.at)}
            {note.signed ? null : <> · {t("Whose note this is cannot be checked.")}</>}
          </small>
        </li>
      ))}
    </ul>
  );
}

interface Props {
  readonly caseId: string;
  readonly team: Target | null;
  readonly open: Open;
  readonly first: boolean;
  readonly onNoted: () => Promise<void>;
  readonly onGone: () => void;
}

async function sealNote(caseId: string, team: Target, open: Open, text: string) {
  const itemId = hex(random(16));
  const plain = JSON.stringify({ text, by: open.me.name, at: new Date().toISOString() });
  const context = { case: caseId, compartment: "team", generation: team.generation, item: itemId, kind: "step" };
  const sealed = await sealText(utf8(plain), team.public, context);
  const signature = await open.keys.sign.sign(STEP, await signedStep(context, sealed));
  return {
    item_id: itemId,
    generation: team.generation,
    sealed: base64(sealed),
    signature: base64(signature),
  };
}

export function NoteForm(props: Props): JSX.Element {
  const { caseId, team, open, first, onNoted, onGone } = props;
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<{ kind: "error" | "good"; text: string } | null>(null);
  if (team === null) {
    return <Notice kind="warn" testId="note-closed">{t("Your key does not open the notes of the team, so you cannot write one.")}</Notice>;
  }
  const save = async (): Promise<void> => {
    if (busy) return;
    if (text.trim() === "") return setSaid({ kind: "error", text: t("Write a few words first.") });
    setBusy(true);
    setSaid(null);
    try {
      await api.noteStep(caseId, await sealNote(caseId, team, open, text.trim()));
      setText("");
      setSaid({ kind: "good", text: t("Noted.") });
      await onNoted();
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return onGone();
      setSaid({ kind: "error", text: explain(thrown) });
    }
    setBusy(false);
  };
  return (
    <Form testId="note-form" onSubmit={() => void save()}>
      <div class="field">
        <label for="note-text">{first ? t("Note a first step") : t("Note a step")}</label>
        <p class="hint" id="note-hint">
          {t("What you did or will do. It is sealed here; only the team can read it.")}
        </p>
        <textarea
          id="note-text"
          data-testid="note-text"
          rows={3}
          dir="auto"
          value={text}
          aria-describedby="note-hint"
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      {said ? <Notice kind={said.kind} testId="note-said">{said.text}</Notice> : null}
      <Button testId="note-save" kind="main" type="submit" busy={busy}>{t("Save the note")}</Button>
    </Form>
  );
}
