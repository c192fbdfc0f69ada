/** The line to write in, with the paper clip and the microphone. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { t } from "../shared/i18n";
import { Attach } from "./attach";
import { objection, type OutFile, outFile } from "./files";
import { Recording } from "./recording";
import { canRecord } from "./voice";

interface Props {
  readonly limit: () => number;
  readonly onSay: (text: string) => void;
  readonly onFile: (file: OutFile) => void;
}

export function Writer({ limit, onSay, onFile }: Props): JSX.Element {
  const [text, setText] = useState("");
  const [notice, setNotice] = useState("");
  const [recording, setRecording] = useState(false);
  const submit = (): void => {
    const said = text.trim();
    if (said === "") return;
    setText("");
    setNotice("");
    onSay(said);
  };
  const give = (files: readonly OutFile[]): void => {
    setNotice("");
    for (const file of files) {
      const why = objection(file.data.size, limit());
      if (why === "") onFile(file);
      else setNotice(why);
    }
  };
  const finish = (file: OutFile | null): void => {
    setRecording(false);
    if (file) give([file]);
  };
  return (
    <div class="below">
      <p class="writer-notice" role="alert" data-testid="writer-notice">{notice}</p>
      {recording ? (
        <Recording onDone={finish} onHindered={(why) => (setRecording(false), setNotice(why))} />
      ) : (
        <form
          class="writer"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <Attach onFiles={(files) => give(files.map(outFile))} />
          <textarea
            data-testid="write"
            rows={1}
            dir="auto"
            maxLength={8000}
            autocomplete="off"
            aria-label={t("Your message")}
            placeholder={t("Your message")}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            onPaste={(event) => {
              const files = [...(event.clipboardData?.files ?? [])];
              if (files.length === 0) return;
              event.preventDefault();
              give(files.map(outFile));
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
                event.preventDefault();
                submit();
              }
            }}
          />
          {canRecord() ? (
            <button
              type="button"
              class="tool"
              data-testid="record"
              aria-label={t("Record a voice message")}
              onClick={() => (setNotice(""), setRecording(true))}
            >
              <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" /></svg>
            </button>
          ) : null}
          <button type="submit" class="send" data-testid="send" aria-label={t("Send")}>
            <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 11.5 21 3l-6 18-3.5-7z" fill="currentColor" /></svg>
          </button>
        </form>
      )}
    </div>
  );
}
