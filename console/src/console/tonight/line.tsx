/** One request as a card: what is needed, how soon, where; never a name, never a story. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import type { CaseLine } from "../../api/types";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { list, moment } from "../../shared/times";
import { Button, Notice } from "../../shared/ui";
import { needName, stateName, urgencyName } from "../names";

export function Urgency({ code }: { readonly code: string }): JSX.Element {
  return (
    <span class={`pill ${code}`} data-testid="urgency">
      {urgencyName(code)}
    </span>
  );
}

/** Who has it and by when, in one line. */
export function lineFacts(line: CaseLine): string {
  if (line.status === "open") {
    return line.deadline === null ? t("Nobody has taken it yet") : t("Answer by {time}", { time: moment(line.deadline) });
  }
  if (line.status === "done") return t("Done");
  if (line.mine) {
    return line.answered || line.deadline === null
      ? t("Yours")
      : t("Yours. First step by {time}", { time: moment(line.deadline) });
  }
  return line.taker === null ? stateName(line.status) : t("With {name}", { name: line.taker });
}

interface Props {
  readonly line: CaseLine;
  readonly onChanged: () => Promise<void>;
}

export function Line({ line, onChanged }: Props): JSX.Element {
  const [busy, setBusy] = useState("");
  const [error, setError] = useState("");
  const act = async (what: "take" | "pass"): Promise<void> => {
    setBusy(what);
    setError("");
    try {
      await api[what](line.id);
      if (what === "take") location.hash = `#/case/${line.id}`;
    } catch (thrown) {
      setError(explain(thrown));
    }
    setBusy("");
    await onChanged();
  };
  return (
    <li class={`line ${line.urgency}`} data-testid={`line-${line.code}`}>
      <div class="line-head">
        <a class="code" href={`#/case/${line.id}`} data-testid={`open-${line.code}`}>
          <bdi>{line.code}</bdi>
        </a>
        <Urgency code={line.urgency} />
      </div>
      <p class="line-need">{list(line.needs.map(needName))}</p>
      <p class="line-facts">
        {line.area === "" ? t("Area not told") : <bdi>{line.area}</bdi>} · {lineFacts(line)}
      </p>
      {error === "" ? null : <Notice kind="error" testId="line-error">{error}</Notice>}
      {line.status === "open" ? (
        <div class="actions">
          <Button testId={`take-${line.code}`} kind="main" busy={busy === "take"} label={t("Take {code}", { code: line.code })} onClick={() => void act("take")}>
            {t("Take")}
          </Button>
          <Button testId={`pass-${line.code}`} busy={busy === "pass"} label={t("Pass {code}", { code: line.code })} onClick={() => void act("pass")}>
            {t("Pass")}
          </Button>
        </div>
      ) : null}
    </li>
  );
}
