/** From an invitation to a key of one's own, in four steps. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import type { Factor, Invitation } from "../../api/types";
import { canPasskey } from "../../crypto";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { list } from "../../shared/times";
import { Button, Heading, Loading, Notice } from "../../shared/ui";
import { roleName } from "../names";
import { CodeStep } from "./code";
import { FactorStep } from "./factor";
import { enrol, type Invited, look } from "./make";
import { WordsBack, WordsShown } from "./words";

interface Props {
  readonly token: string;
  readonly root: string;
  /** Enrolled under this name; or the person goes to Unlock with no name. */
  readonly onDone: (name: string) => void;
}

type Step = "hello" | "words" | "back" | "factor" | "code" | "done";

function refusal(error: unknown): string {
  const gone = error instanceof ApiError && [404, 409, 410].includes(error.status);
  return gone ? t("This invitation was used or is too old. Ask your coordinator for a new one.") : explain(error);
}

export function Enrol({ token, root, onDone }: Props): JSX.Element {
  const [invited, setInvited] = useState<Invited | null>(null);
  const [error, setError] = useState("");
  const [step, setStep] = useState<Step>("hello");
  const [words, setWords] = useState<readonly string[]>([]);

  useEffect(() => {
    setInvited(null);
    look(token, root).then(setInvited, (thrown: unknown) => setError(refusal(thrown)));
  }, [token, root]);

  if (error !== "") return <Refused error={error} onUnlock={() => onDone("")} />;
  if (!invited) return <Loading />;
  const { invitation, pin } = invited;
  const choice = invitation.passkeys_possible && canPasskey();
  const finish = async (factor: Factor): Promise<void> => {
    await enrol({ token, pin, name: invitation.member, words, factor });
    setWords([]);
    setStep("done");
  };
  switch (step) {
    case "hello":
      return <Hello invitation={invitation} choice={choice} onNext={() => setStep("words")} />;
    case "words":
      return (
        <WordsShown
          onNext={(chosen) => {
            setWords(chosen);
            setStep("back");
          }}
        />
      );
    case "back":
      return (
        <WordsBack
          words={words}
          onNext={() => setStep(choice ? "factor" : "code")}
          onAgain={() => setStep("words")}
        />
      );
    case "factor":
      return (
        <FactorStep
          token={token}
          onPasskey={(passkey) => finish({ passkey })}
          onApp={() => setStep("code")}
        />
      );
    case "code":
      return (
        <CodeStep
          invitation={invitation}
          onCode={(totp) => finish({ totp })}
          onBack={choice ? () => setStep("factor") : null}
        />
      );
    case "done":
      return <Done name={invitation.member} onUnlock={() => onDone(invitation.member)} />;
  }
}

function Hello(props: {
  readonly invitation: Invitation;
  /** Of second factors; otherwise it is the app. */
  readonly choice: boolean;
  readonly onNext: () => void;
}): JSX.Element {
  const { invitation } = props;
  return (
    <section class="card narrow" data-testid="enrol-hello">
      <Heading>{t("You are invited")}</Heading>
      <dl class="facts">
        <dt>{t("Your name here")}</dt>
        <dd data-testid="enrol-member" dir="auto">{invitation.member}</dd>
        <dt>{t("Organisation")}</dt>
        <dd data-testid="enrol-organisation" dir="auto">{invitation.organisation}</dd>
        <dt>{t("Role")}</dt>
        <dd data-testid="enrol-roles">{list(invitation.roles.map(roleName))}</dd>
      </dl>
      {invitation.mode === "demo" ? (
        <Notice kind="warn">{t("This is a demo. Everyone and everything in it is invented.")}</Notice>
      ) : null}
      <p>
        {props.choice
          ? t("This browser now makes a key that is yours alone. Six words open it. Have paper and a pen ready.")
          : t("This browser now makes a key that is yours alone. Six words open it. Have paper and a pen ready, and an authenticator app.")}
      </p>
      <Button testId="enrol-start" kind="main" onClick={props.onNext}>{t("Make my key")}</Button>
    </section>
  );
}

function Done(props: { readonly name: string; readonly onUnlock: () => void }): JSX.Element {
  return (
    <section class="card narrow" data-testid="enrol-done">
      <Heading>{t("Your key is made")}</Heading>
      <p>{t("Your name here is {name}. Now unlock with your six words.", { name: props.name })}</p>
      <p>{t("Then write down codes for a lost phone: you find them under “My key”. Without them a lost phone means a new key.")}</p>
      <Button testId="enrol-unlock" kind="main" onClick={props.onUnlock}>{t("Unlock")}</Button>
    </section>
  );
}

function Refused(props: { readonly error: string; readonly onUnlock: () => void }): JSX.Element {
  return (
    <section class="card narrow" data-testid="enrol-refused">
      <Heading>{t("This invitation does not open")}</Heading>
      <Notice kind="error" testId="enrol-error">{props.error}</Notice>
      <Button testId="enrol-to-unlock" onClick={props.onUnlock}>{t("I have a key already")}</Button>
    </section>
  );
}
