/** What the auditor wants to see: all of it, what needs a look, one case, one member, one sort. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { AUDIT_SORTS, type AuditSearch, type AuditSort } from "../../api/audit";
import { t } from "../../shared/i18n";
import { Button, Field, Form } from "../../shared/ui";
import { SORTS } from "./sentences";

export const EVERYTHING: AuditSearch = { case: "", member: "", sort: "", look: false };

export const isNarrow = (search: AuditSearch): boolean =>
  search.case !== "" || search.member !== "" || search.sort !== "";

/** As people write codes down: small letters, spaces, a dash. */
export const codeOf = (typed: string): string =>
  typed.toUpperCase().replace(/[^A-Z0-9]/gu, "").slice(0, 8);

interface Props {
  readonly search: AuditSearch;
  readonly members: readonly string[];
  readonly onSearch: (search: AuditSearch) => void;
}

export function Search({ search, members, onSearch }: Props): JSX.Element {
  return (
    <div class="no-print">
      <div class="choice" role="group" aria-label={t("What to show")}>
        {[false, true].map((look) => (
          <button
            key={String(look)}
            type="button"
            class="button"
            aria-pressed={search.look === look}
            data-testid={look ? "audit-look" : "audit-all"}
            onClick={() => onSearch({ ...search, look })}
          >
            {look ? t("What needs a look") : t("Everything")}
          </button>
        ))}
      </div>
      <Narrow search={search} members={members} onSearch={onSearch} />
    </div>
  );
}

function Narrow({ search, members, onSearch }: Props): JSX.Element {
  const [code, setCode] = useState(search.case);
  const [member, setMember] = useState(search.member);
  const [sort, setSort] = useState<AuditSort | "">(search.sort);
  useEffect(() => {
    setCode(search.case);
    setMember(search.member);
    setSort(search.sort);
  }, [search]);
  return (
    <details class="card fold" data-testid="audit-find">
      <summary>{t("Search")}</summary>
      <Form testId="audit-form" onSubmit={() => onSearch({ ...search, case: codeOf(code), member, sort })}>
        <Field
          id="audit-case"
          label={t("Code of the case")}
          value={code}
          onInput={setCode}
          kind="words"
          required={false}
        />
        <Choice id="audit-member" label={t("Member")} hint={t("What they did, and what was done to them.")} value={member} onInput={setMember}>
          <option value="">{t("Everybody")}</option>
          {members.map((name) => <option key={name} value={name}>{name}</option>)}
        </Choice>
        <Choice id="audit-sort" label={t("Sort of event")} value={sort} onInput={(value) => setSort(value as AuditSort | "")}>
          <option value="">{t("Every sort")}</option>
          {AUDIT_SORTS.map((one) => <option key={one} value={one}>{SORTS[one]()}</option>)}
        </Choice>
        <Button testId="audit-show" kind="main" type="submit">{t("Show")}</Button>
      </Form>
    </details>
  );
}

function Choice(props: {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly children: JSX.Element | (JSX.Element | JSX.Element[])[];
}): JSX.Element {
  const { id, hint } = props;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {hint === undefined ? null : <p class="hint" id={`${id}-hint`}>{hint}</p>}
      <select
        id={id}
        data-testid={id}
        value={props.value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      >
        {props.children}
      </select>
    </div>
  );
}
