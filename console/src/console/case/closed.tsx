/** A case that is not open to this member: who has it, or for what reason it is opened. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import type { CaseLine } from "../../api/types";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { Button, Field, Form, Heading, Loading, Notice } from "../../shared/ui";
import { Line } from "../tonight/line";
import { Actions } from "./actions";

interface Props {
  readonly id: string;
  readonly error: unknown;
  readonly onReason: (reason: string) => void;
  readonly onTaken: () => Promise<void>;
  readonly onGone: () => void;
}

export function ClosedCase(props: Props): JSX.Element {
  const { error } = props;
  if (error instanceof ApiError && error.code === "reason_needed") {
    return <AskReason onReason={props.onReason} />;
  }
  if (error instanceof ApiError && error.code === "not_yours") {
    return <NotYours {...props} taker={error.taker} />;
  }
  return (
    <section class="card" data-testid="case-error">
      <Heading>{t("Request")}</Heading>
      <Notice kind="error">{explain(error)}</Notice>
    </section>
  );
}

function useLine(id: string): { line: CaseLine | null; known: boolean } {
  const [line, setLine] = useState<CaseLine | null>(null);
  const [known, setKnown] = useState(false);
  useEffect(() => {
    api.tonight().then(
      (tonight) => {
        const all = [...tonight.open, ...tonight.mine, ...tonight.accounts];
        setLine(all.find((one) => one.id === id) ?? null);
        setKnown(true);
      },
      () => setKnown(true),
    );
  }, [id]);
  return { line, known };
}

function NotYours(props: Props & { readonly taker: string | null }): JSX.Element {
  const { line, known } = useLine(props.id);
  const taker = props.taker ?? line?.taker ?? null;
  if (!known) return <Loading />;
  if (line?.status === "open" && taker === null) {
    return (
      <section data-testid="case-open">
        <Heading>{t("Nobody has taken it yet")}</Heading>
        <p>{t("The words stay sealed until you take it.")}</p>
        <ul class="lines">
          <Line line={line} onChanged={props.onTaken} />
        </ul>
        <Actions id={props.id} acts={["conflict"]} onDone={() => (location.hash = "#/")} onGone={props.onGone} />
      </section>
    );
  }
  return (
    <section class="card" data-testid="case-not-yours">
      <Heading>{t("This request is not yours")}</Heading>
      <p data-testid="case-taker">
        {taker === null ? t("Someone else has taken it.") : t("{name} has taken it.", { name: taker })}
      </p>
    </section>
  );
}

function AskReason({ onReason }: { readonly onReason: (reason: string) => void }): JSX.Element {
  const [reason, setReason] = useState("");
  const [error, setError] = useState("");
  return (
    <section class="card" data-testid="case-reason">
      <Heading>{t("Why do you open this request?")}</Heading>
      <p>{t("Someone else has taken it. Your reason is logged, and the auditor sees it.")}</p>
      <Form
        testId="reason-form"
        onSubmit={() => (reason.trim() === "" ? setError(t("Please give a reason.")) : onReason(reason.trim()))}
      >
        <Field id="reason" label={t("Reason")} value={reason} onInput={setReason} kind="words" error={error} />
        <Button testId="reason-open" kind="main" type="submit">{t("Open")}</Button>
      </Form>
    </section>
  );
}
