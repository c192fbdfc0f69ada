/** The console: locked until it is unlocked, and locked again when nobody touches it. */

import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Me } from "../api/types";
import { learn, locale, t, useLocale } from "../shared/i18n";
import { Loading, Notice } from "../shared/ui";
import { AuditScreen, NoAuditor } from "./audit/screen";
import { CaseScreen } from "./case/screen";
import { Enrol } from "./enrol/enrol";
import { type Left, watchIdle } from "./idle";
import { rememberedLocale } from "./language";
import { KeyScreen } from "./key/screen";
import { Messengers } from "./messengers";
import { PeopleScreen } from "./people/screen";
import { isAuditor, pageFor } from "./places";
import { replaceRoute, type Route, useRoute } from "./route";
import { close, forget, type Open } from "./session";
import { Frame } from "./frame";
import { TonightScreen } from "./tonight/tonight";
import { Unlock } from "./unlock";

export function App(): JSX.Element {
  useLocale();
  const route = useRoute();
  const [open, setOpen] = useState<Open | null>(null);
  const [known, setKnown] = useState<Me | null | undefined>(undefined);
  const [name, setName] = useState("");
  const [root, setRoot] = useState<string | null>(null);
  const [notice, setNotice] = useState("");
  const held = useRef<Open | null>(null);
  held.current = open;

  useEffect(() => {
    api.me().then(setKnown, () => setKnown(null));
  }, []);
  useEffect(() => {
    if (route.page === "invite" && route.root !== "") setRoot(route.root);
  }, [route]);

  const lock = useCallback((why: string): void => {
    if (held.current) setName(held.current.me.name);
    close(held.current);
    setOpen(null);
    setKnown(null);
    setNotice(why);
    replaceRoute("#/");
  }, []);
  const gone = useCallback(() => lock(t("You were signed out. Unlock again.")), [lock]);

  if (route.page === "invite") {
    return (
      <Frame open={null} page="invite">
        <Enrol
          token={route.token}
          root={route.root}
          onDone={(enrolled) => {
            if (open) forget(open);
            setOpen(null);
            setKnown(undefined);
            setName(enrolled);
            setNotice("");
            replaceRoute("#/");
            api.me().then(setKnown, () => setKnown(null));
          }}
        />
      </Frame>
    );
  }
  if (!open) {
    return (
      <Frame open={null} page="unlock">
        {known === undefined ? (
          <Loading />
        ) : (
          <Unlock
            key={known?.id ?? ""}
            known={known}
            name={name}
            root={root}
            notice={notice}
            onOpen={(opened) => {
              setNotice("");
              setOpen(opened);
              speakTo(opened.me);
            }}
            onForget={() => lock("")}
          />
        )}
      </Frame>
    );
  }
  const onMe = (me: Me): void => setOpen((now) => (now ? { ...now, me } : now));
  return (
    <Frame open={open} page={pageFor(route, open.me.roles)} onLock={() => lock("")}>
      <IdleLock onIdle={() => lock(t("Locked, because nobody touched it for five minutes."))} />
      <Screen
        route={route}
        open={open}
        onMe={onMe}
        onOpen={setOpen}
        onGone={gone}
      />
    </Frame>
  );
}

/** The member's own language, unless another was chosen in this browser. */
function speakTo(me: Me): void {
  if (rememberedLocale("") === "" && me.locale !== locale().locale) void learn(me.locale);
}

function Screen(props: {
  readonly route: Route;
  readonly open: Open;
  readonly onMe: (me: Me) => void;
  readonly onOpen: (open: Open) => void;
  readonly onGone: () => void;
}): JSX.Element {
  const { route, open, onMe, onGone } = props;
  if (route.page === "case") return <CaseScreen key={route.id} id={route.id} open={open} onGone={onGone} />;
  switch (pageFor(route, open.me.roles)) {
    case "audit":
      return isAuditor(open.me.roles) ? <AuditScreen open={open} onGone={onGone} /> : <NoAuditor />;
    case "people":
      return <PeopleScreen open={open} onGone={onGone} onOpen={props.onOpen} />;
    case "key":
      return <KeyScreen open={open} onGone={onGone} />;
    case "messengers":
      return <Messengers me={open.me} onMe={onMe} onGone={onGone} />;
    default:
      return <TonightScreen open={open} onGone={onGone} onMe={onMe} />;
  }
}

function IdleLock({ onIdle }: { readonly onIdle: () => void }): JSX.Element | null {
  const [left, setLeft] = useState<Left>(null);
  const idle = useRef(onIdle);
  idle.current = onIdle;
  useEffect(() => watchIdle(setLeft, () => idle.current()), []);
  if (left === null) return null;
  return (
    <Notice kind="warn" testId="idle-warning">
      {t("This console locks in half a minute. Press any key to stay.")}
    </Notice>
  );
}
