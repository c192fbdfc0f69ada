/** What stands around every screen: the lock on top, the places below. */

import type { ComponentChildren, JSX } from "preact";
import { api } from "../api/client";
import { t } from "../shared/i18n";
import { Button } from "../shared/ui";
import { LanguagePicker } from "./language";
import { isAuditor, isCoordinator, onlyAudits } from "./places";
import type { Open } from "./session";

interface Props {
  readonly open: Open | null;
  readonly page: string;
  readonly onLock?: () => void;
  readonly children: ComponentChildren;
}

export function Frame({ open, page, onLock, children }: Props): JSX.Element {
  return (
    <div class={open ? "frame open" : "frame"}>
      <a class="skip" href="#main" onClick={toMain}>{t("To the content")}</a>
      <header class="top">
        <p class="brand">Relais</p>
        {open ? <p class="member" data-testid="member" dir="auto">{open.me.name}</p> : null}
        <LanguagePicker {...(open ? { onPick: (id: string) => void api.setLocale(id).catch(() => undefined) } : {})} />
        {open && onLock ? (
          <Button testId="lock" kind="main" onClick={onLock}>{t("Lock")}</Button>
        ) : null}
      </header>
      <main id="main" tabIndex={-1}>{children}</main>
      {open ? (
        <Places roles={open.me.roles} page={page} />
      ) : null}
    </div>
  );
}

function Places({ roles, page }: { readonly roles: readonly string[]; readonly page: string }): JSX.Element {
  return (
    <nav class="places" aria-label={t("Places")}>
      {onlyAudits(roles) ? null : (
        <Place to="#/" here={page === "tonight"} testId="to-tonight">{t("Tonight")}</Place>
      )}
      {isCoordinator(roles) ? (
        <Place to="#/people" here={page === "people"} testId="to-people">{t("People")}</Place>
      ) : null}
      {isAuditor(roles) ? (
        <Place to="#/audit" here={page === "audit"} testId="to-audit">{t("Audit")}</Place>
      ) : null}
      {onlyAudits(roles) ? null : (
        <Place to="#/messengers" here={page === "messengers"} testId="to-messengers">{t("Messengers")}</Place>
      )}
      <Place to="#/key" here={page === "key"} testId="to-key">{t("My key")}</Place>
    </nav>
  );
}

/** The fragment belongs to the router: move the focus, not the address. */
function toMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Place(props: {
  readonly to: string;
  readonly here: boolean;
  readonly testId: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <a href={props.to} data-testid={props.testId} aria-current={props.here ? "page" : undefined}>
      {props.children}
    </a>
  );
}
