/** The chat page: bubbles, buttons, a line to write, and a way out that is always there. */

import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { learn, locale, t, useLocale } from "../shared/i18n";
import { BubbleView } from "./bubble";
import { heard, isExit, marked, recovered, unsent, without } from "./conversation";
import { type OutFile, USUAL_LIMIT } from "./files";
import { goNeutral, leaveNow } from "./leave";
import { Outbox } from "./outbox";
import { type Bubble, newId, type Phone } from "./phone";
import { acknowledge, follow, type FromBot, type Outgoing, send } from "./stream";
import { upload } from "./upload";
import { Writer } from "./writer";

const TYPING_MS = 6000;

export function Chat({ phone }: { readonly phone: Phone }): JSX.Element {
  useLocale();
  const [bubbles, setBubbles] = useState<Bubble[]>(() => recovered(phone.history()));
  const [typing, setTyping] = useState(false);
  const [up, setUp] = useState(true);
  const [parts, setParts] = useState<Readonly<Record<string, number>>>({});
  const limit = useRef(USUAL_LIMIT);
  const end = useRef<HTMLDivElement>(null);
  const secret = phone.secret();
  const inUse = useRef(false);
  inUse.current ||= bubbles.length > 0;

  const change = useCallback(
    (how: (now: Bubble[]) => Bubble[]) =>
      setBubbles((now) => {
        const next = how(now);
        phone.keep(next);
        return next;
      }),
    [phone],
  );

  const onEvent = useCallback(
    (event: FromBot): void => {
      if (event.type === "typing") {
        setTyping(true);
        setTimeout(() => setTyping(false), TYPING_MS);
        return;
      }
      if (event.delivery) void acknowledge(secret, event.delivery, ackName(event));
      if (event.type !== "delete" && event.neutral === true) {
        // Said for a page that is gone already: who comes back to an empty chat stays here.
        if (inUse.current) goNeutral(phone);
        return;
      }
      setTyping(false);
      if (event.type === "clear") change(() => []);
      else if (event.type === "delete") change((now) => without(now, event.targets));
      else change((now) => heard(now, event));
    },
    [change, phone, secret],
  );

  useEffect(() => {
    const stop = new AbortController();
    const onUp = (here: boolean, fileBytes?: number): void => {
      setUp(here);
      limit.current = fileBytes ?? limit.current;
    };
    void follow(secret, onEvent, onUp, stop.signal);
    return () => stop.abort();
  }, [onEvent, secret]);
  const toEnd = (): void => end.current?.scrollIntoView({ block: "end" });
  useEffect(toEnd, [bubbles, typing]);
  const outbox = useMemo(
    () =>
      new Outbox(
        {
          send: (message) => send(secret, message),
          upload: (id, file, onProgress, signal) => upload(secret, id, file, onProgress, signal),
          pause: (ms) => new Promise((done) => setTimeout(done, ms)),
        },
        {
          ended: (id, how) => change((now) => marked(now, id, how)),
          progress: (id, part) => setParts((now) => ({ ...now, [id]: part })),
        },
      ),
    [change, secret],
  );
  const leave = useCallback((): void => {
    outbox.close();
    leaveNow(phone);
  }, [outbox, phone]);
  useEscape(leave);
  useEffect(() => unsent(phone.history()).forEach((bubble) => outbox.say(outgoing(bubble))), [outbox, phone]);
  const say = useCallback(
    (text: string, token?: string): void => {
      if (isExit(text)) return leave();
      const bubble: Bubble = { id: newId(), mine: true, text, state: "sending", ...(token === undefined ? {} : { token }) };
      inUse.current = true;
      // A tick is seen in the list itself; a bubble for each would bury the question.
      if (!/^[☐☑] /u.test(text)) change((now) => [...now, bubble]);
      outbox.say(outgoing(bubble));
    },
    [change, leave, outbox],
  );
  const give = (file: OutFile): void => {
    const facts = { kind: file.kind, size: file.data.size };
    const bubble: Bubble = { id: newId(), mine: true, text: "", state: "sending", file: facts };
    inUse.current = true;
    change((now) => [...now, bubble]);
    outbox.give(bubble.id, file);
  };
  const again = (bubble: Bubble): void => {
    change((now) => marked(now, bubble.id, "sending"));
    if (!outbox.again(bubble.id)) outbox.say(outgoing(bubble));
  };
  const cancel = (bubble: Bubble): void => {
    outbox.cancel(bubble.id);
    change((now) => without(now, [bubble.id]));
  };

  const last = bubbles.findLast((one) => !one.mine);
  useEffect(() => speakAs(last?.lang), [last?.lang]);
  return (
    <div class="chat">
      <header class="chat-top">
        <span class="chat-name">{t("Messages")}</span>
        <span class="chat-up" role="status" data-testid="connection">
          {up ? "" : t("No connection. Your words wait here.")}
        </span>
        <button type="button" class="leave" data-testid="leave" aria-label={t("Leave at once")} onClick={leave}>
          ✕
        </button>
      </header>
      <div class="chat-log" role="log" aria-live="polite" aria-label={t("Conversation")} data-testid="log">
        {bubbles.length === 0 ? (
          <p class="chat-empty" data-testid="empty">{t("Write anything to begin. ✕ leaves at once.")}</p>
        ) : null}
        {bubbles.map((bubble) => (
          <BubbleView
            key={bubble.id}
            bubble={bubble}
            secret={secret}
            part={parts[bubble.id]}
            quiet={bubble.id !== last?.id}
            onPress={say}
            onShown={bubble.id === last?.id ? toEnd : nothing}
            onAgain={again}
            onCancel={cancel}
          />
        ))}
        {typing ? (
          <div class="bubble theirs typing" data-testid="typing" role="status">
            <span class="visually-hidden">{t("An answer is coming")}</span>
            <i /><i /><i />
          </div>
        ) : null}
        <div ref={end} />
      </div>
      <Writer limit={() => limit.current} onSay={say} onFile={give} />
    </div>
  );
}

function nothing(): void {
  // an older picture moves nothing that she looks at
}

/** The page speaks the language of the conversation, where it has it. */
function speakAs(lang: string | undefined): void {
  if (lang && lang !== locale().locale) void learn(lang);
}

function outgoing({ id, text, token }: Bubble): Outgoing {
  return token === undefined ? { id, kind: "text", text } : { id, kind: "choice", token };
}

/** What the bot shall call the bubble from now on. */
function ackName(event: Exclude<FromBot, { type: "typing" }>): string {
  const own = event.delivery ?? "";
  return event.type === "bubble" ? (event.edit_of ?? own) : own;
}

/** Escape, twice within a second, leaves at once. */
function useEscape(leave: () => void): void {
  const action = useRef(leave);
  action.current = leave;
  useEffect(() => {
    let before = 0;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      if (event.timeStamp - before < 1000) action.current();
      before = event.timeStamp;
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
