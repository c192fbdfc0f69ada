/** The six words: shown once, then typed back. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asWritten, sixWords, type WordLanguage, wordList } from "../../crypto";
import { locale, t } from "../../shared/i18n";
import { Button, Field, Form, Heading, Loading } from "../../shared/ui";

export function WordsShown(props: {
  readonly onNext: (words: readonly string[]) => void;
}): JSX.Element {
  const [language, setLanguage] = useState<WordLanguage>(locale().locale === "fr" ? "fr" : "en");
  const [words, setWords] = useState<readonly string[]>([]);
  useEffect(() => {
    setWords([]);
    void wordList(language).then((all) => setWords(sixWords(all)));
  }, [language]);
  return (
    <section class="card narrow" data-testid="enrol-words">
      <Heading>{t("Your six words")}</Heading>
      <p>{t("Write them on paper, in this order. They open your key. Nobody can show them again, and nobody can replace them.")}</p>
      {words.length === 0 ? (
        <Loading />
      ) : (
        <ol class="words" lang={language} dir="ltr">
          {words.map((word, at) => (
            <li key={at} data-testid={`word-${at + 1}`}>{word.normalize("NFC")}</li>
          ))}
        </ol>
      )}
      <div class="actions">
        <Button testId="words-written" kind="main" disabled={words.length === 0} onClick={() => props.onNext(words)}>
          {t("I have written them")}
        </Button>
        <Button testId="words-language" kind="quiet" onClick={() => setLanguage(language === "fr" ? "en" : "fr")}>
          {language === "fr" ? t("English words instead") : t("French words instead")}
        </Button>
      </div>
    </section>
  );
}

/** Number (from 1) of the first word that differs; 0: all are right. */
export function firstWrong(typed: readonly string[], words: readonly string[]): number {
  const wrong = words.findIndex((word, at) => word.normalize("NFKD") !== typed[at]);
  if (wrong >= 0) return wrong + 1;
  return typed.length > words.length ? words.length + 1 : 0;
}

export function WordsBack(props: {
  readonly words: readonly string[];
  readonly onNext: () => void;
  readonly onAgain: () => void;
}): JSX.Element {
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState(0);
  const check = async (): Promise<void> => {
    const written = asWritten(typed, [await wordList("en"), await wordList("fr")]);
    const at = firstWrong(written, props.words);
    setWrong(at);
    if (at === 0) props.onNext();
  };
  return (
    <section class="card narrow" data-testid="enrol-back">
      <Heading>{t("Type your six words")}</Heading>
      <Form testId="words-form" onSubmit={() => void check()}>
        <Field
          id="words-typed"
          label={t("The words from your paper, in order")}
          value={typed}
          onInput={setTyped}
          kind="words"
          error={wrong === 0 ? "" : t("Word {number} is not the one that was shown.", { number: wrong })}
        />
        <div class="actions">
          <Button testId="words-check" kind="main" type="submit">{t("Go on")}</Button>
          <Button testId="words-again" kind="quiet" onClick={props.onAgain}>{t("Start again with new words")}</Button>
        </div>
      </Form>
    </section>
  );
}
