/** Inviting a member: a form, and a link that is shown once. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Invited, NewPerson, People } from "../../api/types";
import { Copy } from "../../shared/copy";
import { locale, t } from "../../shared/i18n";
import { QrCode } from "../../shared/qr";
import { Button, Field, Form, Notice } from "../../shared/ui";
import { roleName } from "../names";

const ROLES = ["responder", "coordinator", "translator", "analyst", "auditor", "operator"] as const;

export function InviteForm(props: {
  readonly people: People;
  readonly onInvite: (person: NewPerson) => Promise<void>;
}): JSX.Element {
  const { people } = props;
  const [shown, setShown] = useState(false);
  const [name, setName] = useState("");
  const [organisation, setOrganisation] = useState(people.organisations[0]?.name ?? "");
  const [team, setTeam] = useState("");
  const [sex, setSex] = useState("");
  const [roles, setRoles] = useState<readonly string[]>(["responder"]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const place = people.organisations.find((one) => one.name === organisation);
  const teams = people.teams.filter((one) => one.organisation_id === place?.id);

  const send = async (): Promise<void> => {
    if (busy) return;
    if (name.trim().length < 2 || organisation.trim().length < 2) {
      return setError(t("Please fill in every field."));
    }
    if (roles.length === 0) return setError(t("Choose at least one role."));
    setBusy(true);
    setError("");
    await props.onInvite({
      name: name.trim(),
      organisation: organisation.trim(),
      team_id: team === "" ? null : team,
      roles,
      sex,
      locale: locale().locale,
    });
    setBusy(false);
    setName("");
    setShown(false);
  };

  if (!shown) {
    return <Button testId="invite-open" onClick={() => setShown(true)}>{t("Invite somebody")}</Button>;
  }
  return (
    <section class="card">
      <h2>{t("Invite somebody")}</h2>
      <Form testId="invite-form" onSubmit={() => void send()}>
        <Field id="invite-name" label={t("Name here")} hint={t("Colleagues see it. It need not be the name in the passport.")} value={name} onInput={setName} />
        <Field id="invite-organisation" label={t("Organisation")} value={organisation} onInput={setOrganisation} />
        {teams.length === 0 ? null : (
          <div class="field">
            <label for="invite-team">{t("Team")}</label>
            <select id="invite-team" data-testid="invite-team" value={team} onInput={(event) => setTeam(event.currentTarget.value)}>
              <option value="">{t("No team")}</option>
              {teams.map((one) => <option key={one.id} value={one.id}>{one.id}</option>)}
            </select>
          </div>
        )}
        <div class="field">
          <label for="invite-sex">{t("Who answers")}</label>
          <select id="invite-sex" data-testid="invite-sex" value={sex} onInput={(event) => setSex(event.currentTarget.value)}>
            <option value="">{t("Not said")}</option>
            <option value="female">{t("A woman")}</option>
            <option value="male">{t("A man")}</option>
          </select>
        </div>
        <fieldset class="field">
          <legend>{t("Role")}</legend>
          {ROLES.map((role) => (
            <label key={role} class="check">
              <input
                type="checkbox"
                data-testid={`invite-role-${role}`}
                checked={roles.includes(role)}
                onInput={() => setRoles(roles.includes(role) ? roles.filter((one) => one !== role) : [...roles, role])}
              />
              <span>{roleName(role)}</span>
            </label>
          ))}
        </fieldset>
        {error === "" ? null : <Notice kind="error" testId="invite-error">{error}</Notice>}
        <div class="actions">
          <Button testId="invite-send" kind="main" type="submit" busy={busy}>{t("Make the link")}</Button>
          <Button testId="invite-cancel" onClick={() => setShown(false)}>{t("Cancel")}</Button>
        </div>
      </Form>
    </section>
  );
}

export function LinkOnce(props: { readonly link: Invited; readonly onDone: () => void }): JSX.Element {
  return (
    <section class="card" data-testid="link-once">
      <h2>{t("The invitation")}</h2>
      <p>{t("Give it to this one person by a safe way, best in person. It works once, for a week, and is not shown again.")}</p>
      <QrCode text={props.link.url} label={t("Picture of the link")} />
      <p class="secret" dir="ltr">
        <code data-testid="invite-url">{props.link.url}</code>
        <Copy text={props.link.url} testId="invite-copy" />
      </p>
      <Button testId="link-done" onClick={props.onDone}>{t("I have handed it over")}</Button>
    </section>
  );
}
