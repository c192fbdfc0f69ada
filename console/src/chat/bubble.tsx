/** One bubble, hers or the bot's. */

import type { JSX } from "preact";
import { t } from "../shared/i18n";
import { named, sizeOf } from "./files";
import type { Bubble } from "./phone";
import { Attached } from "./shown";

interface Props {
  readonly bubble: Bubble;
  readonly secret: string;
  /** Of a file on its way: 0 to 1. */
  readonly part?: number | undefined;
  /** An earlier bubble: its buttons still work, but do not shout. */
  readonly quiet: boolean;
  readonly onPress: (text: string, token: string) => void;
  readonly onShown: () => void;
  readonly onAgain: (bubble: Bubble) => void;
  readonly onCancel: (bubble: Bubble) => void;
}

export function BubbleView(props: Props): JSX.Element {
  const { bubble, secret, quiet, onPress, onShown } = props;
  const { mine } = bubble;
  return (
    <div class={`turn ${mine ? "mine" : "theirs"}`}>
      <div
        class={`bubble ${mine ? "mine" : "theirs"}`}
        lang={bubble.lang}
        dir={bubble.dir ?? "auto"}
        data-testid={mine ? "said" : "heard"}
      >
        <Attached secret={secret} bubble={bubble} onShown={onShown} />
        {/* Not the picture itself: others may see this screen. */}
        {bubble.file ? `${named(bubble.file.kind)}, ${sizeOf(bubble.file.size)}` : bubble.text}
      </div>
      {mine && bubble.state !== undefined ? <Fate {...props} /> : null}
      {bubble.buttons && bubble.buttons.length > 0 ? (
        <div class={quiet ? "keys quiet" : "keys"} dir={bubble.dir} lang={bubble.lang} role="group" aria-label={t("Answers")}>
          {bubble.buttons.map((row) => (
            <div class="keys-row" key={row[0]?.token}>
              {row.map((one) => (
                <button type="button" key={one.token} data-token={one.token} onClick={() => onPress(one.text, one.token)}>
                  {one.text}
                </button>
              ))}
            </div>
          ))}
        </div>
      ) : null}
    </div>
  );
}

/** How far a message of hers is, and what she can do about it. */
function Fate({ bubble, part, onAgain, onCancel }: Props): JSX.Element {
  const { state, file } = bubble;
  return (
    <p class={`sent ${state}`} data-testid={`state-${state}`}>
      {state === "sending" && file ? (
        <progress class="part" data-testid="part" aria-label={t("Sending…")} max={1} {...(part === undefined ? {} : { value: part })} />
      ) : null}{" "}
      {fate(state)}{" "}
      {state === "failed" ? (
        <button type="button" class="again" data-testid="again" onClick={() => onAgain(bubble)}>{t("Send again")}</button>
      ) : null}{" "}
      {file && state !== "kept" ? (
        <button type="button" class="again" data-testid="cancel" onClick={() => onCancel(bubble)}>
          {state === "sending" ? t("Cancel") : t("Remove")}
        </button>
      ) : null}
    </p>
  );
}

function fate(state: Bubble["state"]): string {
  switch (state) {
    case "sending":
      return t("Sending…");
    case "kept":
      return "✓";
    case "too_large":
      return t("Not sent. It is too big.");
    case "lost":
      return t("Not sent. Choose it again.");
    default:
      return t("Not sent.");
  }
}
