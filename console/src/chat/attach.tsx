/** The paper clip: a camera, photos and videos, documents. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { t } from "../shared/i18n";

interface Props {
  readonly onFiles: (files: readonly File[]) => void;
}

/** On a phone the camera is one press away; a computer would show the same dialog twice. */
function hasCamera(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}

export function Attach({ onFiles }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  const take = (files: readonly File[]): void => {
    setOpen(false);
    if (files.length > 0) onFiles(files);
  };
  return (
    <div class="attach">
      <button
        type="button"
        class="tool"
        data-testid="attach"
        aria-label={t("Add a photo, video or document")}
        aria-expanded={open}
        aria-controls="attach-menu"
        onClick={() => setOpen(!open)}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M8 12.5 14 6.4a3 3 0 0 1 4.3 4.2l-8 8.1a5 5 0 0 1-7.1-7L11 4" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" /></svg>
      </button>
      {open ? (
        <div class="attach-menu" id="attach-menu" role="group" aria-label={t("What do you want to add?")}>
          {hasCamera() ? <Choice name="camera" label={t("Take a photo")} accept="image/*" camera onFiles={take} /> : null}
          <Choice name="media" label={t("Photos or videos")} accept="image/*,video/*" onFiles={take} />
          <Choice name="document" label={t("A document")} onFiles={take} />
        </div>
      ) : null}
    </div>
  );
}

interface ChoiceProps extends Props {
  readonly name: string;
  readonly label: string;
  readonly accept?: string;
  readonly camera?: boolean;
}

function Choice({ name, label, accept, camera, onFiles }: ChoiceProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="plain" data-testid={`attach-${name}`} onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple={camera !== true}
        data-testid={`file-${name}`}
        {...(accept === undefined ? {} : { accept })}
        {...(camera === true ? { capture: "environment" as const } : {})}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = ""; // the same file can be chosen again
          onFiles(files);
        }}
      />
    </>
  );
}
