/** Linking a messenger: a one-time code that the member sends to the bot. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, ApiError } from "../api/client";
import type { LinkCode, Me } from "../api/types";
import { Copy } from "../shared/copy";
import { explain } from "../shared/explain";
import { t } from "../shared/i18n";
import { list, moment } from "../shared/times";
import { Button, Heading, Notice } from "../shared/ui";
import { channelName } from "./names";

const LOOK_MS = 3000;

interface Props {
  readonly me: Me;
  readonly onMe: (me: Me) => void;
  readonly onGone: () => void;
}

/** While a code is shown, look whether the bot has seen it. */
function useLinks(watching: boolean, onMe: (me: Me) => void, onGone: () => void): void {
  useEffect(() => {
    if (!watching) return;
    const timer = setInterval(() => {
      api.me().then(onMe, (error: unknown) => {
        if (error instanceof ApiError && error.status === 401) onGone();
      });
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [watching, onMe, onGone]);
}

export function Messengers({ me, onMe, onGone }: Props): JSX.Element {
  const [code, setCode] = useState<LinkCode | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  useLinks(code !== null, onMe, onGone);

  const run = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setError("");
    try {
      await work();
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return onGone();
      setError(explain(thrown));
    }
    setBusy(false);
  };
  const unlink = (channel: string): Promise<void> =>
    run(async () => {
      await api.unlink(channel);
      onMe(await api.me());
    });

  return (
    <div data-testid="messengers">
      <Heading>{t("My messengers")}</Heading>
      <p>{t("Alerts come to the messengers that you link. On call, link two.")}</p>
      <Linked me={me} onUnlink={(channel) => void unlink(channel)} />
      {code ? <CodeCard code={code} /> : null}
      {error === "" ? null : <Notice kind="error" testId="link-error">{error}</Notice>}
      <Button
        testId="link-new"
        kind={code ? "plain" : "main"}
        busy={busy}
        onClick={() => void run(async () => setCode(await api.linkCode()))}
      >
        {code ? t("Make another code") : t("Link a messenger")}
      </Button>
    </div>
  );
}

function Linked(props: { readonly me: Me; readonly onUnlink: (channel: string) => void }): JSX.Element {
  const { links } = props.me;
  if (links.length === 0) return <p class="empty" data-testid="links-empty">{t("No messenger is linked yet.")}</p>;
  return (
    <ul class="lines" data-testid="links" aria-label={t("Linked messengers")}>
      {links.map(({ channel }) => (
        <li key={channel} class="line row" data-testid={`link-${channel}`}>
          <span>{channelName(channel)}</span>
          <Button
            testId={`unlink-${channel}`}
            label={t("Unlink {name}", { name: channelName(channel) })}
            onClick={() => props.onUnlink(channel)}
          >
            {t("Unlink")}
          </Button>
        </li>
      ))}
    </ul>
  );
}

function CodeCard({ code }: { readonly code: LinkCode }): JSX.Element {
  return (
    <section class="card" aria-live="polite" data-testid="link-card">
      <h2>{t("Send this to the bot")}</h2>
      <p class="secret" dir="ltr">
        <code data-testid="link-code">{code.code}</code>
        <Copy text={code.code} testId="link-copy" />
      </p>
      <p>
        {code.channels.length === 0
          ? t("Write it as a message to the bot, from the account that shall get the alerts.")
          : t("Write it as a message to the bot in {channels}, from the account that shall get the alerts.", {
              channels: list(code.channels.map(channelName)),
            })}
      </p>
      <p class="hint">{t("It works once, until {time}.", { time: moment(code.expires_at) })}</p>
    </section>
  );
}
