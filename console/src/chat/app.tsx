/** The chat page: bubbles, buttons, a line to write, and a way out that is always there. */

import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { learn, locale, t, useLocale } from "../shared/i18n";
import { BubbleView } from "./bubble";
import { heard, isExit, marked, unsent, without } from "./conversation";
import { goNeutral, leaveNow } from "./leave";
import { type Bubble, newId, type Phone } from "./phone";
import { acknowledge, follow, type FromBot, type Outgoing, send } from "./stream";

const TYPING_MS = 6000;
const TRIES = 8;

export function Chat({ phone }: { readonly phone: Phone }): JSX.Element {
  useLocale();
  const [bubbles, setBubbles] = useState<Bubble[]>(() => phone.history());
  const [typing, setTyping] = useState(false);
  const [up, setUp] = useState(true);
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
    void follow(secret, onEvent, setUp, stop.signal);
    return () => stop.abort();
  }, [onEvent, secret]);
  useEffect(() => end.current?.scrollIntoView({ block: "end" }), [bubbles, typing]);
  useEscape(() => leaveNow(phone));

  const queue = useRef<Promise<void>>(Promise.resolve());
  const deliver = useCallback(
    async (message: Outgoing): Promise<void> => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const result = await send(secret, message);
        if (result !== "later") {
          change((now) => marked(now, message.id, result === "kept" ? "kept" : "failed"));
          return;
        }
        await new Promise((done) => setTimeout(done, Math.min(500 * 2 ** tries, 10_000)));
      }
      change((now) => marked(now, message.id, "failed"));
    },
    [change, secret],
  );
  /** One after the other: what was written first arrives first. */
  const line = useCallback(
    (message: Outgoing): void => void (queue.current = queue.current.then(() => deliver(message))),
    [deliver],
  );
  useEffect(() => unsent(phone.history()).forEach((bubble) => line(outgoing(bubble))), [line, phone]);
  const say = useCallback(
    (text: string, token?: string): void => {
      if (isExit(text)) return leaveNow(phone);
      const bubble: Bubble = { id: newId(), mine: true, text, state: "sending", ...(token === undefined ? {} : { token }) };
      inUse.current = true;
      // A tick is seen in the list itself; a bubble for each would bury the question.
      if (!/^[☐☑] /u.test(text)) change((now) => [...now, bubble]);
      line(outgoing(bubble));
    },
    [change, line, phone],
  );
  const again = (bubble: Bubble): void => {
    change((now) => marked(now, bubble.id, "sending"));
    line(outgoing(bubble));
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
        <button type="button" class="leave" data-testid="leave" aria-label={t("Leave at once")} onClick={() => leaveNow(phone)}>
          ✕
        </button>
      </header>
      <div class="chat-log" role="log" aria-live="polite" aria-label={t("Conversation")} data-testid="log">
        {bubbles.length === 0 ? (
          <p class="chat-empty" data-testid="empty">{t("Write anything to begin. ✕ leaves at once.")}</p>
        ) : null}
        {bubbles.map((bubble) => (
          <BubbleView key={bubble.id} bubble={bubble} quiet={bubble.id !== last?.id} onPress={say} onAgain={again} />
        ))}
        {typing ? (
          <div class="bubble theirs typing" data-testid="typing" role="status">
            <span class="visually-hidden">{t("An answer is coming")}</span>
            <i /><i /><i />
          </div>
        ) : null}
        <div ref={end} />
      </div>
      <Writer onSay={say} />
    </div>
  );
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

function Writer({ onSay }: { readonly onSay: (text: string) => void }): JSX.Element {
  const [text, setText] = useState("");
  const submit = (): void => {
    const said = text.trim();
    if (said === "") return;
    setText("");
    onSay(said);
  };
  return (
    <form
      class="writer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        data-testid="write"
        rows={1}
        dir="auto"
        maxLength={8000}
        autocomplete="off"
        aria-label={t("Your message")}
        placeholder={t("Your message")}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            submit();
          }
        }}
      />
      <button type="submit" class="send" data-testid="send" aria-label={t("Send")}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 11.5 21 3l-6 18-3.5-7z" fill="currentColor" /></svg>
      </button>
    </form>
  );
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
