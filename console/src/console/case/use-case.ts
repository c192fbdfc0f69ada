/** One case: asked for, opened, and asked for again only with cause, as every serving is logged. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import type { CaseFile } from "../../api/types";
import { locale, useLocale } from "../../shared/i18n";
import type { Open } from "../session";
import type { Labels } from "./labels";
import { freshMemory, openCase, type OpenedCase } from "./opened";

const STALE_MS = 60_000;

export interface Read {
  readonly file: CaseFile;
  readonly opened: OpenedCase;
  readonly labels: Labels;
}

export interface CaseState {
  readonly read: Read | null;
  readonly error: unknown;
  readonly refresh: () => Promise<void>;
}

/** Labels of one content in one language, asked for once; without them codes are shown. */
function useLabels(): (content: string) => Promise<Labels> {
  const kept = useRef(new Map<string, Labels>());
  return useCallback(async (content) => {
    const key = `${content} ${locale().locale}`;
    const known = kept.current.get(key);
    if (known) return known;
    try {
      const { texts } = await api.labels(content, locale().locale);
      kept.current.set(key, texts);
      return texts;
    } catch {
      return {};
    }
  }, []);
}

export function useCase(id: string, open: Open, reason: string, onGone: () => void): CaseState {
  const [read, setRead] = useState<Read | null>(null);
  const [error, setError] = useState<unknown>(null);
  const memory = useRef(freshMemory());
  const labelsOf = useLabels();
  const spoken = useLocale().locale;
  const { me, keys, roster } = open;

  const refresh = useCallback(async (): Promise<void> => {
    try {
      const file = await api.openCase(id, reason);
      const opened = await openCase(file, me.id, keys, memory.current, roster?.members ?? []);
      setRead({ file, opened, labels: await labelsOf(file.content) });
      setError(null);
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return onGone();
      if (thrown instanceof ApiError && thrown.status === 403) setRead(null);
      setError(thrown);
    }
  }, [id, reason, me.id, keys, roster, labelsOf, onGone]);

  useEffect(() => {
    let asked = Date.now();
    const look = (): void => {
      if (document.visibilityState !== "visible" || Date.now() - asked < STALE_MS) return;
      asked = Date.now();
      void refresh();
    };
    void refresh();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [refresh]);

  useEffect(() => {
    const content = read?.file.content;
    if (content === undefined) return;
    void labelsOf(content).then((labels) => setRead((now) => (now ? { ...now, labels } : now)));
  }, [spoken, read?.file.content, labelsOf]);

  return { read, error, refresh };
}
