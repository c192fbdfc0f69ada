/** What waits tonight: alerts nobody took, mine, accounts to read. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { api } from "../../api/client";
import type { CaseLine, Me } from "../../api/types";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { moment } from "../../shared/times";
import { Heading, Loading, Notice } from "../../shared/ui";
import { NotAdmitted } from "../admitted";
import type { Open } from "../session";
import { Duty } from "./duty";
import { Line } from "./line";
import { ReferredToMe } from "./referred";
import { useTonight } from "./watch";

interface Props {
  readonly open: Open;
  readonly onGone: () => void;
  readonly onMe: (me: Me) => void;
}

const LOOK_MS = 10_000;

/** The bot changes things too: a link, a shift that ends. */
function useMe(onMe: (me: Me) => void): void {
  const action = useRef(onMe);
  action.current = onMe;
  useEffect(() => {
    const look = (): void => void api.me().then((me) => action.current(me), () => undefined);
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
}

export function TonightScreen({ open, onGone, onMe }: Props): JSX.Element {
  const { tonight, error, fresh, refresh } = useTonight(onGone);
  const { me } = open;
  useMe(onMe);
  return (
    <div data-testid="tonight">
      <Heading>{t("Tonight")}</Heading>
      <p class="visually-hidden" role="status" data-testid="tonight-live">
        {fresh === "" ? "" : t("New alert: {code}", { code: fresh })}
      </p>
      {open.admitted ? null : <NotAdmitted open={open} />}
      <Duty onCall={me.on_call} linked={me.links.length > 0} onChange={(on_call) => onMe({ ...me, on_call })} />
      {error === null ? null : (
        <Notice kind="error" testId="tonight-error">
          {explain(error)}{" "}
          {tonight ? t("You see the list of {time}.", { time: moment(tonight.now) }) : ""}
        </Notice>
      )}
      {tonight ? (
        <>
          <Group title={t("Open alerts")} empty={t("No alert is open.")} lines={tonight.open} testId="open-alerts" onChanged={refresh} />
          <Group title={t("Mine")} empty={t("You have taken nothing.")} lines={tonight.mine} testId="mine" onChanged={refresh} />
          <ReferredToMe onGone={onGone} />
          <Group title={t("Accounts to read")} empty={t("Nothing is waiting to be read.")} lines={tonight.accounts} testId="accounts" onChanged={refresh} />
        </>
      ) : error === null ? (
        <Loading />
      ) : null}
    </div>
  );
}

function Group(props: {
  readonly title: string;
  readonly empty: string;
  readonly lines: readonly CaseLine[];
  readonly testId: string;
  readonly onChanged: () => Promise<void>;
}): JSX.Element {
  const { title, empty, lines, testId } = props;
  return (
    <section class="group" aria-labelledby={`${testId}-title`} data-testid={testId}>
      <h2 id={`${testId}-title`}>
        {title} {lines.length > 0 ? <span class="count">{lines.length}</span> : null}
      </h2>
      {lines.length === 0 ? (
        <p class="empty">{empty}</p>
      ) : (
        <ul class="lines">
          {lines.map((line) => (
            <Line key={line.id} line={line} onChanged={props.onChanged} />
          ))}
        </ul>
      )}
    </section>
  );
}
