/** The papers of the recovery key: each on a page of its own, shown and printed once. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Bytes, fingerprint, hex, isOfKey, readShare, sha256, ShareError } from "../../crypto";
import { t } from "../../shared/i18n";
import { QrCode } from "../../shared/qr";
import { date } from "../../shared/times";
import { Button, Field, Form, Heading } from "../../shared/ui";

interface Props {
  readonly papers: readonly string[];
  readonly publicHalf: Bytes;
  /** The key that the list of members begins with. */
  readonly root: Bytes;
  readonly onDone: () => void;
}

export function Papers(props: Props): JSX.Element {
  const { papers } = props;
  const [printed, setPrinted] = useState(false);
  const root = useFingerprint(props.root);
  if (printed) return <TypeBack {...props} onAgain={() => setPrinted(false)} />;
  return (
    <section data-testid="papers">
      <div class="card no-print">
        <Heading>{t("Print the papers")}</Heading>
        <p>{t("Print them, or write them down by hand. Give each to another person, to keep in different places. They are shown only now.")}</p>
        <div class="actions">
          <Button testId="papers-print" kind="main" onClick={() => print()}>{t("Print")}</Button>
          <Button testId="papers-printed" onClick={() => setPrinted(true)}>{t("I have them on paper")}</Button>
        </div>
      </div>
      {papers.map((paper, at) => (
        <article key={paper} class="card paper" data-testid={`paper-${at + 1}`}>
          <h2>{t("Recovery paper {number} of {total}", { number: at + 1, total: papers.length })}</h2>
          <p>{t("Made {day}. Keep it like money. Show it to nobody but the coordinators of your organisation, when they ask all keepers at once.", { day: date(Date.now()) })}</p>
          <QrCode text={paper} label={t("The same as the letters below")} />
          <p class="secret" dir="ltr"><code>{paper}</code></p>
          <p>{t("Your organisation's root, to be compared on the recovery page:")}</p>
          <p class="fingerprint" dir="ltr" data-testid={`paper-root-${at + 1}`}>{root}</p>
        </article>
      ))}
    </section>
  );
}

/** Of a public key, to be compared by eye. */
export function useFingerprint(key: Bytes): string {
  const [shown, setShown] = useState("");
  const text = hex(key);
  useEffect(() => {
    void sha256(key).then((hash) => setShown(fingerprint(hex(hash))));
  }, [text]);
  return shown;
}

/** One paper is typed back, so that what was written down by hand is known to be right. */
function TypeBack(props: Props & { readonly onAgain: () => void }): JSX.Element {
  const [typed, setTyped] = useState("");
  const [error, setError] = useState("");
  const check = async (): Promise<void> => {
    try {
      const share = await readShare(typed);
      if (!(await isOfKey(share, props.publicHalf))) throw new ShareError("other_key");
      props.onDone();
    } catch (thrown) {
      setError(thrown instanceof ShareError ? shareError(thrown) : t("Something went wrong in this page. Reload it."));
    }
  };
  return (
    <section class="card narrow" data-testid="papers-back">
      <Heading>{t("Type one paper back")}</Heading>
      <p>{t("Any one of them. So you know that what is on paper can be read.")}</p>
      <Form testId="papers-form" onSubmit={() => void check()}>
        <Field id="paper-typed" label={t("Letters and numbers of one paper")} value={typed} onInput={setTyped} kind="words" error={error} />
        <div class="actions">
          <Button testId="paper-check" kind="main" type="submit">{t("Go on")}</Button>
          <Button testId="papers-again" kind="quiet" onClick={props.onAgain}>{t("Show them again")}</Button>
        </div>
      </Form>
    </section>
  );
}

export function shareError(error: ShareError): string {
  switch (error.code) {
    case "mistyped":
      return t("There is a slip in it. Compare it letter by letter.");
    case "other_key":
      return t("This paper belongs to another recovery key.");
    case "twice":
      return t("The same paper was given twice.");
    case "too_few":
      return t("More papers are needed.");
    case "newer":
      return t("This paper was made by a newer version. Reload this page.");
    default:
      return t("This is no recovery paper.");
  }
}
