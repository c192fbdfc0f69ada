/**
 * Every text a person reads goes through `t("English source")`; the catalogue comes from the
 * backend, which builds it from `i18n/locales/<locale>/LC_MESSAGES/console.po`.
 */

import { useEffect, useState } from "preact/hooks";

export interface Catalogue {
  readonly texts: Readonly<Record<string, string>>;
  readonly dir: "ltr" | "rtl";
}

export interface Spoken {
  readonly locale: string;
  readonly dir: "ltr" | "rtl";
}

type Params = Readonly<Record<string, string | number>>;

const ENGLISH: Catalogue = { texts: {}, dir: "ltr" };
const PATIENCE_MS = 2500;

let catalogue: Catalogue = ENGLISH;
let spoken: Spoken = { locale: "en", dir: "ltr" };
const listeners = new Set<() => void>();

/** A foreign part in a right-to-left sentence keeps its own direction. */
function isolated(value: string): string {
  return spoken.dir === "rtl" ? `\u2068${value}\u2069` : value;
}

/** The text in the language of this page; `{name}` is filled from `params`. */
export function t(source: string, params: Params = {}): string {
  const translated = catalogue.texts[source];
  const text = translated === undefined || translated === "" ? source : translated;
  return text.replace(/\{(\w+)\}/gu, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : isolated(String(value));
  });
}

export function locale(): Spoken {
  return spoken;
}

/** Put a catalogue into use and draw everything again. */
export function speak(next: string, loaded: Catalogue): void {
  catalogue = loaded;
  spoken = { locale: next, dir: loaded.dir };
  const root = globalThis.document?.documentElement;
  if (root) {
    root.lang = next;
    root.dir = loaded.dir;
  }
  for (const listener of listeners) listener();
}

/** Load and speak a language; without an answer the page goes on in the language it has. */
export async function learn(next: string): Promise<boolean> {
  try {
    const response = await fetch(`/v1/catalogue/console?locale=${encodeURIComponent(next)}`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!response.ok) return false;
    speak(next, (await response.json()) as Catalogue);
    return true;
  } catch {
    return false;
  }
}

/** Redraws the component when the language changes. */
export function useLocale(): Spoken {
  const [, redraw] = useState(0);
  useEffect(() => {
    const listener = (): void => redraw((count) => count + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return spoken;
}

/** The browser's first language, without its country. */
export function browserLocale(): string {
  return (globalThis.navigator?.language ?? "en").split("-")[0] ?? "en";
}
