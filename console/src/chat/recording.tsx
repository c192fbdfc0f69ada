/** The row under the conversation while she speaks: how long, discard, send. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../shared/i18n";
import { clock, type OutFile } from "./files";
import { type Hindrance, LONGEST_SECONDS, Microphone } from "./voice";

interface Props {
  readonly onDone: (file: OutFile | null) => void;
  readonly onHindered: (why: string) => void;
}

export function Recording({ onDone, onHindered }: Props): JSX.Element {
  const microphone = useRef<Microphone | null>(null);
  const finish = useRef<HTMLButtonElement>(null);
  const [seconds, setSeconds] = useState(0);
  const [phase, setPhase] = useState<"asking" | "recording" | "full">("asking");

  useEffect(() => finish.current?.focus(), []);
  useEffect(() => {
    let gone = false;
    void Microphone.open(performance.now()).then((found) => {
      if (typeof found === "string") return gone ? undefined : onHindered(words(found));
      if (gone) return found.discard();
      microphone.current = found;
      setPhase("recording");
    });
    const discard = (): void => microphone.current?.discard();
    addEventListener("pagehide", discard);
    return () => {
      gone = true;
      removeEventListener("pagehide", discard);
      discard();
    };
  }, []);
  useEffect(() => {
    if (phase !== "recording") return;
    const tick = setInterval(() => {
      const now = microphone.current?.seconds(performance.now()) ?? 0;
      setSeconds(now);
      if (now < LONGEST_SECONDS) return;
      void microphone.current?.stop(performance.now());
      setPhase("full");
    }, 250);
    return () => clearInterval(tick);
  }, [phase]);

  const send = async (): Promise<void> => {
    const spoken = await microphone.current?.stop(performance.now());
    microphone.current = null;
    onDone(spoken && spoken.data.size > 0 ? spoken : null);
  };
  return (
    <div class="writer recording" data-testid="recording">
      <span class="visually-hidden" role="status">
        {phase === "asking" ? t("Waiting for the microphone") : phase === "full" ? t("The recording is full") : t("Recording")}
      </span>
      <span class={`dot ${phase}`} aria-hidden="true" />
      <span class="elapsed" data-testid="elapsed" aria-label={t("Time recorded")}>{clock(seconds)}</span>
      <button type="button" class="plain" data-testid="record-discard" onClick={() => onDone(null)}>
        {t("Discard")}
      </button>
      <button
        ref={finish}
        type="button"
        class="plain main"
        data-testid="record-send"
        aria-disabled={phase === "asking"}
        onClick={() => (phase === "asking" ? undefined : void send())}
      >
        {t("Stop and send")}
      </button>
    </div>
  );
}

function words(why: Hindrance): string {
  switch (why) {
    case "denied":
      return t("This page may not use the microphone. You can allow it in the browser, or write instead.");
    case "none":
      return t("No microphone was found. You can write instead.");
    default:
      return t("The microphone is not free now. You can try again, or write instead.");
  }
}
