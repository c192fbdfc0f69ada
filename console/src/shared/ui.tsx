/** The few pieces that all pages are made of. */

import type { ComponentChildren, InputHTMLAttributes, JSX, Ref } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "./i18n";

type Kind = "main" | "plain" | "quiet" | "danger";

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly testId: string;
  readonly kind?: Kind;
  readonly busy?: boolean;
  readonly disabled?: boolean;
  readonly type?: "button" | "submit";
  readonly label?: string;
  readonly onClick?: () => void;
  readonly buttonRef?: Ref<HTMLButtonElement>;
}

export function Button(props: ButtonProps): JSX.Element {
  const { kind = "plain", busy = false, type = "button" } = props;
  return (
    <button
      ref={props.buttonRef ?? null}
      type={type}
      class={`button ${kind}`}
      data-testid={props.testId}
      aria-busy={busy}
      aria-label={props.label}
      aria-disabled={busy || props.disabled === true}
      onClick={(event) => {
        if (busy || props.disabled === true) event.preventDefault();
        else props.onClick?.();
      }}
    >
      {busy ? <span class="spinner" aria-hidden="true" /> : null}
      <span>{props.children}</span>
    </button>
  );
}

interface NoticeProps {
  readonly children: ComponentChildren;
  readonly kind?: "info" | "error" | "good" | "warn";
  readonly testId?: string;
}

/** Errors interrupt a screen reader, the rest waits its turn. */
export function Notice({ children, kind = "info", testId = "notice" }: NoticeProps): JSX.Element {
  return (
    <div class={`notice ${kind}`} role={kind === "error" ? "alert" : "status"} data-testid={testId}>
      {children}
    </div>
  );
}

export function Loading({ label }: { readonly label?: string }): JSX.Element {
  return (
    <p class="loading" role="status" data-testid="loading">
      <span class="spinner" aria-hidden="true" /> {label ?? t("Loading…")}
    </p>
  );
}

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: string;
  readonly error?: string;
  readonly kind?: "text" | "code" | "any-code" | "words" | "secret";
  readonly required?: boolean;
  /** Characters that the server takes. */
  readonly max?: number;
}

const PLAIN_TYPING = {
  autocapitalize: "none",
  autocorrect: "off",
  spellcheck: false,
} as const;

function attributes(kind: FieldProps["kind"]): InputHTMLAttributes<HTMLInputElement> {
  switch (kind) {
    case "code":
      return { type: "text", inputMode: "numeric", autoComplete: "one-time-code", maxLength: 16 };
    case "any-code": // codes on paper have letters, which a keypad of digits does not
      return { type: "text", autoComplete: "one-time-code", maxLength: 16, ...PLAIN_TYPING, autocapitalize: "characters" };
    case "words":
      return { type: "text", autoComplete: "off", ...PLAIN_TYPING };
    case "secret":
      return { type: "password", autoComplete: "off", ...PLAIN_TYPING };
    default:
      return { type: "text", autoComplete: "username", ...PLAIN_TYPING };
  }
}

export function Field(props: FieldProps): JSX.Element {
  const { id, hint, error } = props;
  const described = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].join(" ").trim();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {hint ? (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
      <input
        id={id}
        data-testid={id}
        class={props.kind?.endsWith("code") ? "code" : undefined}
        value={props.value}
        required={props.required ?? true}
        maxLength={props.max}
        aria-invalid={error ? true : undefined}
        aria-describedby={described || undefined}
        onInput={(event) => props.onInput(event.currentTarget.value)}
        {...attributes(props.kind)}
      />
      {error ? (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      ) : null}
    </div>
  );
}

/** A screen's heading; it takes the focus when the screen appears. */
export function Heading({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

export function Form(props: {
  readonly children: ComponentChildren;
  readonly onSubmit: () => void;
  readonly testId: string;
}): JSX.Element {
  return (
    <form
      novalidate
      data-testid={props.testId}
      onSubmit={(event) => {
        event.preventDefault();
        props.onSubmit();
      }}
    >
      {props.children}
    </form>
  );
}
