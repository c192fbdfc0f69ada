/** Answers and consents as lists. What a person wrote is put in as text, never as markup. */

import type { JSX } from "preact";
import { useContext } from "preact/hooks";
import { t } from "../../shared/i18n";
import { list, moment } from "../../shared/times";
import { Notice } from "../../shared/ui";
import { channelName, purposeName } from "../names";
import { Files, FileView, isFile } from "./files";
import { type Labels, question, valueText } from "./labels";
import type { Answer, Compartment, Consent } from "./opened";

function Value({ labels, answer }: { readonly labels: Labels; readonly answer: Answer }): JSX.Element {
  const files = useContext(Files);
  if (files !== null && isFile(answer.value)) {
    return (
      <>
        <span dir="auto">{valueText(labels, answer)}</span>
        {answer.value.takenBack ? null : <FileView answer={answer} facts={answer.value} files={files} />}
      </>
    );
  }
  if (answer.text !== null) {
    return (
      <blockquote class="own-words" dir="auto" lang={answer.locale || undefined}>
        {answer.text}
      </blockquote>
    );
  }
  return <span dir="auto">{valueText(labels, answer)}</span>;
}

export function Answers(props: {
  readonly labels: Labels;
  readonly compartment: Compartment;
}): JSX.Element {
  const { labels, compartment } = props;
  return (
    <>
      <dl class="facts" data-testid={`answers-${compartment.name}`}>
        {compartment.answers.map((answer) => (
          <div key={answer.id} data-testid={`answer-${answer.step}`}>
            <dt dir="auto">{question(labels, answer)}</dt>
            <dd>
              <Value labels={labels} answer={answer} />
              {answer.before.length === 0 ? null : <Before labels={labels} answers={answer.before} />}
            </dd>
          </div>
        ))}
      </dl>
      {compartment.codes.map((codes, at) => (
        <Codes key={at} codes={codes} name={compartment.name} number={compartment.codes.length > 1 ? at + 1 : 0} />
      ))}
      {compartment.closed === 0 ? null : (
        <Notice kind="warn" testId={`closed-${compartment.name}`}>
          {t("Sealed entries that your key does not open: {count}", { count: compartment.closed })}
        </Notice>
      )}
    </>
  );
}

/** The coded record, folded: what goes into a GBVIMS form, word for word as the codes are. */
function Codes(props: {
  readonly codes: Compartment["codes"][number];
  readonly name: string;
  /** Of the telling, where there are several. */
  readonly number: number;
}): JSX.Element | null {
  const rows = Object.entries(props.codes);
  if (rows.length === 0) return null;
  return (
    <details class="before" data-testid={`codes-${props.name}`}>
      <summary>
        {props.number === 0 ? t("Codes for the records") : t("Codes for the records, telling {number}", { number: props.number })}
      </summary>
      <dl class="facts">
        {rows.map(([code, value]) => (
          <div key={code}>
            <dt dir="ltr">{code}</dt>
            <dd dir="ltr">{Array.isArray(value) ? value.join(", ") : String(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Before(props: {
  readonly labels: Labels;
  readonly answers: readonly Answer[];
}): JSX.Element {
  return (
    <details class="before">
      <summary>{t("Said before")}</summary>
      {props.answers.map((answer) => (
        <p key={answer.id}>
          <Value labels={props.labels} answer={answer} /> <small>{moment(answer.at)}</small>
        </p>
      ))}
    </details>
  );
}

function decision(answer: string): string {
  if (answer === "yes" || answer === "keep") return t("Yes");
  if (answer === "no") return t("No");
  if (answer === "drop") return t("Yes, but do not keep it if the person goes silent");
  if (answer === "not_these") return t("Yes, but not to all");
  return answer;
}

export function Consents({ consents }: { readonly consents: readonly Consent[] }): JSX.Element {
  if (consents.length === 0) return <p class="empty">{t("No consent is recorded.")}</p>;
  return (
    <ul class="consents" data-testid="consents">
      {consents.map((consent) => (
        <li key={consent.id} data-testid={`consent-${consent.purpose}`}>
          <strong>{purposeName(consent.purpose)}</strong>
          <span class={consent.answer === "no" ? "pill no" : "pill yes"}>{decision(consent.answer)}</span>
          {consent.organisations.length === 0 ? null : (
            <span class="consent-to">{t("Named: {names}", { names: list(consent.organisations) })}</span>
          )}
          <small>
            {consent.channel === ""
              ? moment(consent.at)
              : `${moment(consent.at)} · ${channelName(consent.channel)}`}
          </small>
        </li>
      ))}
    </ul>
  );
}
