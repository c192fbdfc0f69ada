/** The people who hold keys: who they are, who is invited, and the list that coordinators sign. */

import type { JSX } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import type { Invited, People, Person } from "../../api/types";
import { fromBase64, keyWords, RosterError } from "../../crypto";
import { explain } from "../../shared/explain";
import { t } from "../../shared/i18n";
import { date, list } from "../../shared/times";
import { Button, Heading, Loading, Notice } from "../../shared/ui";
import { roleName } from "../names";
import { type Last, lastRoster, type Open } from "../session";
import { Ceremony } from "./ceremony";
import { InviteForm, LinkOnce } from "./invite";
import { useFingerprint } from "./papers";
import { Recovery } from "./recovery";
import { daysLeft, nextOf, recoveryIsOld, type Standing, standing } from "./standing";

interface Props {
  readonly open: Open;
  readonly onOpen: (open: Open) => void;
  readonly onGone: () => void;
}

export function PeopleScreen({ open, onOpen, onGone }: Props): JSX.Element {
  const [people, setPeople] = useState<People | null>(null);
  const [last, setLast] = useState<Last | null>(null);
  const [error, setError] = useState("");
  const [link, setLink] = useState<Invited | null>(null);
  const [signing, setSigning] = useState(false);

  const refuse = useCallback(
    (thrown: unknown): void => {
      if (thrown instanceof ApiError && thrown.status === 401) onGone();
      else setError(refusal(thrown));
    },
    [onGone],
  );
  const load = useCallback(async (): Promise<void> => {
    try {
      const [found, roster] = await Promise.all([api.people(), lastRoster(open)]);
      setPeople(found);
      setLast(roster);
    } catch (thrown) {
      // Who is shown, and what would be signed, stands on a list that is not believed.
      if (thrown instanceof RosterError) setPeople(null);
      refuse(thrown);
    }
  }, [open, refuse]);
  useEffect(() => void load(), [load]);

  const act = async (work: () => Promise<Invited | void>): Promise<void> => {
    setError("");
    try {
      const answer = await work();
      setLink(answer ?? null);
      await load();
    } catch (thrown) {
      refuse(thrown);
    }
  };

  if (!people) {
    return (
      <div data-testid="people">
        <Heading>{t("People")}</Heading>
        {error === "" ? <Loading /> : <Notice kind="error" testId="people-error">{error}</Notice>}
      </div>
    );
  }
  if (signing) {
    return (
      <Ceremony
        open={open}
        people={people.members}
        last={last}
        onDone={(opened) => {
          setSigning(false);
          if (opened) onOpen(opened);
        }}
      />
    );
  }
  return (
    <div data-testid="people">
      <Heading>{t("People")}</Heading>
      {error === "" ? null : <Notice kind="error" testId="people-error">{error}</Notice>}
      <ListState people={people.members} last={last} open={open} onSign={() => setSigning(true)} />
      {link ? <LinkOnce key={link.url} link={link} onDone={() => setLink(null)} /> : null}
      <div class="actions">
        <InviteForm people={people} onInvite={(person) => act(() => api.invite(person))} />
      </div>
      <ul class="lines" data-testid="members">
        {people.members.map((one) => (
          <Line
            key={one.id}
            person={one}
            mine={one.id === open.me.id}
            standing={standing(one, last?.roster ?? null)}
            onInvite={() => act(() => api.inviteAgain(one.id))}
            onReset={() => act(() => api.resetPerson(one.id))}
            onRemove={() => act(() => api.removePerson(one.id))}
          />
        ))}
      </ul>
      {open.roster === null ? null : <Recovery open={open} onGone={onGone} />}
      {open.pin === null ? null : <Root root={open.pin.root} />}
    </div>
  );
}

function refusal(error: unknown): string {
  if (error instanceof ApiError) {
    switch (error.code) {
      case "name_taken":
        return t("Somebody has or had this name. Take another.");
      case "yourself":
        return t("Another coordinator has to do this for you.");
      case "role":
        return t("You are no coordinator any more. Load the page again.");
      case "enrolled":
        return t("This member has a key already. Load the page again.");
    }
  }
  return explain(error);
}

/** Whether the list is signed, until when, and what waits for a signature. */
function ListState(props: {
  readonly people: readonly Person[];
  readonly last: Last | null;
  readonly open: Open;
  readonly onSign: () => void;
}): JSX.Element {
  const roster = props.last?.roster ?? null;
  const next = nextOf(props.people, roster);
  const left = daysLeft(roster, Date.now());
  const due = next.changes || left === null || left < 30 || recoveryIsOld(roster, Date.now());
  if (roster?.demo === true) {
    return <Notice testId="list-state">{t("In the demo the server signs the list of members by itself.")}</Notice>;
  }
  return (
    <section class="card" data-testid="list-state">
      <h2>{t("The list of members")}</h2>
      {roster === null || left === null ? (
        <p>{t("It was never signed. Until it is, nobody can be alerted and nothing can be sealed to anyone.")}</p>
      ) : left < 0 ? (
        <Notice kind="error" testId="list-expired">{t("It has expired: nobody can be alerted now. Sign it again.")}</Notice>
      ) : (
        <p data-testid="list-until">
          {t("Signed, number {number}, until {day}.", { number: roster.version, day: date(roster.valid_until) })}
        </p>
      )}
      {next.compare.length > 0 ? (
        <p>{t("New keys to compare: {names}.", { names: list(next.compare.map((one) => one.name)) })}</p>
      ) : null}
      {next.leaving.length > 0 ? (
        <p>{t("To be taken out: {names}.", { names: list(next.leaving.map((one) => one.name)) })}</p>
      ) : null}
      {next.coordinators < 2 ? (
        <Notice kind="warn" testId="list-too-few">
          {t("Two coordinators with a key are needed before it can be signed. Invite another one.")}
        </Notice>
      ) : (
        <Button testId="list-sign" kind={due ? "main" : "plain"} onClick={props.onSign}>
          {roster === null ? t("Sign it for the first time") : t("Sign it again")}
        </Button>
      )}
    </section>
  );
}

const STANDINGS: Record<Standing, () => string> = {
  signed: () => t("signed"),
  changed: () => t("changed, to be signed"),
  waiting: () => t("waits to be signed"),
  invited: () => t("invited"),
};

function Line(props: {
  readonly person: Person;
  readonly mine: boolean;
  readonly standing: Standing;
  readonly onInvite: () => Promise<void>;
  readonly onReset: () => Promise<void>;
  readonly onRemove: () => Promise<void>;
}): JSX.Element {
  const { person } = props;
  const words = useWords(person);
  const lapsed = person.enrolled_at === null && person.invited_until === null;
  return (
    <li class="line" data-testid={`member-${person.name}`}>
      <div class="line-head">
        <strong dir="auto">{person.name}</strong>
        <span class={`pill ${props.standing === "signed" ? "yes" : "high"}`} data-testid="standing">
          {lapsed ? t("invitation lapsed") : STANDINGS[props.standing]()}
        </span>
      </div>
      <p class="line-facts">
        <bdi>{person.organisation}</bdi> · {list(person.roles.map(roleName))}
      </p>
      {words === "" ? null : (
        <p class="line-facts" dir="ltr" data-testid="key-words">{words}</p>
      )}
      {props.mine ? null : (
        <div class="actions">
          {person.enrolled_at === null ? (
            <Button testId="invite-again" kind="quiet" onClick={() => void props.onInvite()}>{t("New link")}</Button>
          ) : (
            <Sure
              testId="reset"
              label={t("Key is lost")}
              question={t("Everything sealed to the old key stays closed to {name} until somebody grants it anew. Go on?", { name: person.name })}
              onYes={props.onReset}
            />
          )}
          <Sure
            testId="remove"
            label={t("Remove")}
            question={t("{name} is signed out at once, and cases go back to the queue. Go on?", { name: person.name })}
            onYes={props.onRemove}
          />
        </div>
      )}
    </li>
  );
}

/** A button that asks once more, in its place. */
export function Sure(props: {
  readonly testId: string;
  readonly label: string;
  readonly question: string;
  readonly onYes: () => Promise<void>;
}): JSX.Element {
  const [asked, setAsked] = useState(false);
  if (!asked) {
    return <Button testId={props.testId} kind="quiet" onClick={() => setAsked(true)}>{props.label}</Button>;
  }
  return (
    <span class="sure" role="group" aria-label={props.label}>
      <span>{props.question}</span>{" "}
      <Button testId={`${props.testId}-yes`} kind="danger" onClick={() => { setAsked(false); void props.onYes(); }}>
        {t("Yes")}
      </Button>
      <Button testId={`${props.testId}-no`} onClick={() => setAsked(false)}>{t("No")}</Button>
    </span>
  );
}

/** The six words of a member's keys; empty before there are any. */
export function useWords(person: { readonly kem: string | null; readonly sign: string | null }): string {
  const [words, setWords] = useState("");
  const { kem, sign } = person;
  useEffect(() => {
    if (kem === null || sign === null) return setWords("");
    void keyWords(fromBase64(kem), fromBase64(sign)).then(setWords);
  }, [kem, sign]);
  return words;
}

/** To be read to somebody whose browser does not know the root. */
function Root({ root }: { readonly root: string }): JSX.Element {
  const shown = useFingerprint(fromBase64(root));
  return (
    <details class="fold">
      <summary>{t("Your organisation's root")}</summary>
      <p>{t("Read it to a member whose browser asks for it. It must be the same there.")}</p>
      <p class="fingerprint" dir="ltr" data-testid="root">{shown}</p>
    </details>
  );
}
