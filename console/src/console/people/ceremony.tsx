/** Signing the list of members: compare new keys aloud, make the year's recovery key, sign. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import type { Person } from "../../api/types";
import {
  base64,
  base64url,
  freshSeed,
  fromBase64,
  keyPair,
  makeShares,
  rootKey,
  signNext,
  wipe,
} from "../../crypto";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { list } from "../../shared/times";
import { Button, Heading, Notice } from "../../shared/ui";
import { roleName } from "../names";
import { type Last, type Open, takeUp } from "../session";
import { Papers } from "./papers";
import { useWords } from "./screen";
import { nextOf, recoveryIsOld } from "./standing";

interface Props {
  readonly open: Open;
  readonly people: readonly Person[];
  readonly last: Last | null;
  /** Signed, with what the console knows now; or left (null). */
  readonly onDone: (open: Open | null) => void;
}

interface Recovery {
  readonly key: string;
  readonly from: string;
}

const kept = (last: Last | null): Recovery | null =>
  last?.roster.recovery == null
    ? null
    : { key: last.roster.recovery, from: last.roster.recovery_from ?? last.roster.issued_at };

export function Ceremony({ open, people, last, onDone }: Props): JSX.Element {
  const next = nextOf(people, last?.roster ?? null);
  const strangers = next.compare.filter((one) => one.id !== open.me.id);
  const [compared, setCompared] = useState<ReadonlySet<string>>(new Set());
  const [recovery, setRecovery] = useState<Recovery | null>(
    recoveryIsOld(last?.roster ?? null, Date.now()) ? null : kept(last),
  );
  const [papers, setPapers] = useState<readonly string[] | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");

  const root = open.pin === null ? open.keys.sign.public : rootKey(open.pin.root);
  const sign = async (made: Recovery): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setError("");
    try {
      const signed = await signNext({
        before: last,
        members: next.members,
        recovery: made.key,
        recoveryFrom: made.from,
        root,
        by: open.keys.sign,
        now: Date.now(),
      });
      await api.putRoster(signed);
      onDone(await takeUp(open, signed, base64url(root)));
    } catch (thrown) {
      setError(refusal(thrown));
      setBusy(false);
    }
  };

  const makeRecovery = async (total: number, needed: number): Promise<void> => {
    const seed = freshSeed();
    const pair = await keyPair(seed);
    setPapers(await makeShares(seed, pair.public, total, needed));
    setRecovery({ key: base64(pair.public), from: new Date().toISOString().replace(/\.\d+Z$/u, "Z") });
    pair.forget();
    wipe(seed);
  };

  const left = strangers.filter((one) => !compared.has(one.id));
  if (left.length > 0) {
    return (
      <section class="card" data-testid="ceremony-compare">
        <Heading>{t("Compare the new keys")}</Heading>
        <p>{t("Call each person, or sit together. They read the six words that their own console shows. Only if all six are the same, tick.")}</p>
        <ul class="lines">
          {left.map((one) => (
            <Compare key={one.id} person={one} onSame={() => setCompared(new Set([...compared, one.id]))} />
          ))}
        </ul>
        <Button testId="ceremony-stop" onClick={() => onDone(null)}>{t("Not now")}</Button>
      </section>
    );
  }
  if (recovery === null) {
    return <Split onMake={makeRecovery} onStop={() => onDone(null)} />;
  }
  if (papers !== null) {
    return (
      <Papers papers={papers} publicHalf={fromBase64(recovery.key)} root={root} onDone={() => setPapers(null)} />
    );
  }
  return (
    <section class="card" data-testid="ceremony-sign">
      <Heading>{t("Sign the list")}</Heading>
      <p>{t("From now on cases are sealed to these people, and to nobody else. The list is good for 90 days.")}</p>
      <ul>
        {next.members.map((one) => (
          <li key={one.id}>
            <bdi>{one.name}</bdi>, <bdi>{one.organisation}</bdi>: {list(one.roles.map(roleName))}
          </li>
        ))}
      </ul>
      {next.leaving.length === 0 ? null : (
        <p>{t("To be taken out: {names}.", { names: list(next.leaving.map((one) => one.name)) })}</p>
      )}
      {error === "" ? null : <Notice kind="error" testId="ceremony-error">{error}</Notice>}
      <div class="actions">
        <Button testId="ceremony-confirm" kind="main" busy={busy} onClick={() => void sign(recovery)}>
          {busy ? t("Signing…") : t("Sign with my key")}
        </Button>
        <Button testId="ceremony-renew" kind="quiet" onClick={() => setRecovery(null)}>
          {t("Make a new recovery key first")}
        </Button>
        <Button testId="ceremony-stop" onClick={() => onDone(null)}>{t("Not now")}</Button>
      </div>
    </section>
  );
}

function refusal(error: unknown): string {
  if (error instanceof ApiError && ["wrong_version", "wrong_previous"].includes(error.code)) {
    return t("Somebody else signed meanwhile. Go back, and look at the list again.");
  }
  if (error instanceof ApiError && error.code === "revoked") {
    return t("Your key may not sign any more. Another coordinator has to.");
  }
  return explain(error);
}

function Compare(props: { readonly person: Person; readonly onSame: () => void }): JSX.Element {
  const words = useWords(props.person);
  return (
    <li class="line" data-testid={`compare-${props.person.name}`}>
      <p>
        <strong dir="auto">{props.person.name}</strong>, <bdi>{props.person.organisation}</bdi>:{" "}
        {list(props.person.roles.map(roleName))}
      </p>
      <p class="words" dir="ltr" data-testid="compare-words">{words}</p>
      <Button testId="compare-same" kind="main" onClick={props.onSame}>{t("All six are the same")}</Button>
    </li>
  );
}

/** How many papers, and how many of them are needed. */
function Split(props: {
  readonly onMake: (total: number, needed: number) => Promise<void>;
  readonly onStop: () => void;
}): JSX.Element {
  const [total, setTotal] = useState(3);
  const [needed, setNeeded] = useState(2);
  const [busy, setBusy] = useState(false);
  const make = async (): Promise<void> => {
    setBusy(true);
    await props.onMake(total, needed);
  };
  return (
    <section class="card" data-testid="ceremony-split">
      <Heading>{t("The recovery key of this year")}</Heading>
      <p>{t("If every key to a case is lost, this one still opens it. It is split into papers that different people keep. One paper alone opens nothing.")}</p>
      <div class="field">
        <label for="split-total">{t("How many papers")}</label>
        <select
          id="split-total"
          data-testid="split-total"
          value={total}
          onInput={(event) => {
            const wanted = Number(event.currentTarget.value);
            setTotal(wanted);
            setNeeded(Math.min(needed, wanted));
          }}
        >
          {[2, 3, 4, 5, 6, 7].map((one) => <option key={one} value={one}>{one}</option>)}
        </select>
      </div>
      <div class="field">
        <label for="split-needed">{t("How many of them open it together")}</label>
        <select
          id="split-needed"
          data-testid="split-needed"
          value={needed}
          onInput={(event) => setNeeded(Number(event.currentTarget.value))}
        >
          {[2, 3, 4, 5, 6, 7].filter((one) => one <= total).map((one) => <option key={one} value={one}>{one}</option>)}
        </select>
      </div>
      <div class="actions">
        <Button testId="split-make" kind="main" busy={busy} onClick={() => void make()}>{t("Make the papers")}</Button>
        <Button testId="ceremony-stop" onClick={props.onStop}>{t("Not now")}</Button>
      </div>
    </section>
  );
}
