/**
 * Entry of `/`: what this is, and where to go. A chat opens in a window of its own, so that behind
 * it there is no page to go back to.
 */

import "../shared/base.css";
import "./landing.css";
import { type JSX, render } from "preact";
import type { About } from "../api/types";
import { browserLocale, learn, t } from "../shared/i18n";

async function about(): Promise<About | null> {
  try {
    const response = await fetch("/v1/about");
    return response.ok ? ((await response.json()) as About) : null;
  } catch {
    return null;
  }
}

interface Way {
  readonly to: string;
  readonly title: string;
  readonly what: string;
  readonly testId: string;
}

function ways(): Way[] {
  return [
    { to: "/chat", testId: "to-chat", title: t("Chat"), what: t("A phone with a messenger. Write as someone who needs help.") },
    { to: "/chat?phone=responder", testId: "to-second", title: t("A second phone"), what: t("A responder's phone, for alerts. It opens in its own window.") },
    { to: "/console", testId: "to-console", title: t("Console"), what: t("For responders: unlock, see what waits tonight, read a case.") },
    { to: "/docs", testId: "to-docs", title: t("Interface"), what: t("The programming interface, described.") },
  ];
}

function Landing({ known }: { readonly known: About | null }): JSX.Element {
  return (
    <main class="landing">
      <h1>Relais</h1>
      {known === null ? (
        <div class="notice error" role="alert">{t("The server does not answer. Check the connection.")}</div>
      ) : known.mode === "demo" ? (
        <div class="notice warn" data-testid="demo">{t("This is a demo. Every organisation, place and person in it is invented. Do not write anything real.")}</div>
      ) : null}
      <p>{t("People write to a bot in the messenger they already use. It asks short questions, shows care that is near and, if they agree, asks a helper to answer.")}</p>
      <p>{t("What they tell is sealed as it arrives. Only the helpers they agreed to can read it, in their own browser.")}</p>
      <ul class="ways">
        {ways().map((way) => (
          <li key={way.to}>
            <a class="card" href={way.to} data-testid={way.testId} target={way.to.startsWith("/chat") ? "_blank" : undefined} rel="noreferrer">
              <strong>{way.title}</strong>
              <span>{way.what}</span>
            </a>
          </li>
        ))}
      </ul>
      {known ? <p class="hint">{t("Run by {operator}. Version {version}.", { operator: known.operator, version: known.version })}</p> : null}
    </main>
  );
}

const place = document.getElementById("app");
if (place) {
  const [known] = await Promise.all([about(), learn(browserLocale())]);
  place.replaceChildren();
  render(<Landing known={known} />, place);
}
