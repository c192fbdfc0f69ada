/** One bubble, hers or the bot's. */

import type { JSX } from "preact";
import { t } from "../shared/i18n";
import type { Bubble } from "./phone";

interface Props {
  readonly bubble: Bubble;
  /** An earlier bubble: its buttons still work, but do not shout. */
  readonly quiet: boolean;
  readonly onPress: (text: string, token: string) => void;
  readonly onAgain: (bubble: Bubble) => void;
}

export function BubbleView({ bubble, quiet, onPress, onAgain }: Props): JSX.Element {
  const { mine, state } = bubble;
  return (
    <div class={`turn ${mine ? "mine" : "theirs"}`}>
      <div
        class={`bubble ${mine ? "mine" : "theirs"}`}
        lang={bubble.lang}
        dir={bubble.dir ?? "auto"}
        data-testid={mine ? "said" : "heard"}
      >
        {bubble.text}
      </div>
      {mine && state !== undefined ? (
        <p class={`sent ${state}`} data-testid={`state-${state}`}>
          {state === "sending" ? t("Sending…") : state === "kept" ? "✓" : t("Not sent.")}{" "}
          {state === "failed" ? (
            <button type="button" class="again" onClick={() => onAgain(bubble)}>{t("Send again")}</button>
          ) : null}
        </p>
      ) : null}
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
