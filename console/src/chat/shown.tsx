/** A picture or a voice in a bubble of the bot's, fetched with this phone's secret. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../shared/i18n";
import type { Bubble, Shown } from "./phone";

interface Props {
  readonly secret: string;
  readonly bubble: Bubble;
  /** It has its size now: what stands below it has moved. */
  readonly onShown: () => void;
}

export function Attached({ secret, bubble, onShown }: Props): JSX.Element | null {
  const { attachments } = bubble;
  if (!attachments || attachments.length === 0) return null;
  return (
    <>
      {attachments.map((one) => (
        <One key={one.sha256} secret={secret} shown={one} answers={answers(bubble)} onShown={onShown} />
      ))}
    </>
  );
}

/** What a picture of numbered answers shows, for those who do not see it. */
function answers(bubble: Bubble): string {
  return (bubble.buttons ?? []).flat().map((one) => one.text).join(", ");
}

interface OneProps {
  readonly secret: string;
  readonly shown: Shown;
  readonly answers: string;
  readonly onShown: () => void;
}

function One({ secret, shown, answers, onShown }: OneProps): JSX.Element {
  const [address, setAddress] = useState<string | null>(null);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    let made = "";
    void bytes(secret, shown.sha256, stop.signal).then((data) => {
      if (stop.signal.aborted) return;
      if (data === null) return setMissing(true);
      made = URL.createObjectURL(new Blob([data], { type: shown.mime }));
      setAddress(made);
    });
    return () => {
      stop.abort();
      if (made !== "") URL.revokeObjectURL(made);
    };
  }, [secret, shown.sha256]);
  if (missing) {
    const gone = shown.kind === "image" ? t("The picture is not here any more.") : t("The voice is not here any more.");
    return <p class="attached-gone" data-testid="attached-gone">{gone}</p>;
  }
  if (shown.kind === "audio") {
    return <audio class="attached" data-testid="attached-audio" controls preload="metadata" aria-label={t("Listen to this message")} {...(address ? { src: address } : {})} />;
  }
  const alt = answers === "" ? t("Picture for this message") : t("Pictures of the answers: {answers}", { answers });
  return address ? <img class="attached" data-testid="attached-image" alt={alt} src={address} onLoad={onShown} /> : <span class="attached waiting" role="img" aria-label={alt} />;
}

async function bytes(secret: string, sha256: string, signal: AbortSignal): Promise<Blob | null> {
  try {
    const response = await fetch(`/chat/api/attachments/${encodeURIComponent(sha256)}`, {
      headers: { "X-Relais-Phone": secret },
      cache: "no-store",
      signal,
    });
    return response.ok ? await response.blob() : null;
  } catch {
    return null;
  }
}
