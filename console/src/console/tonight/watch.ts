/** Asks for tonight's list again and again, and tells what is new in it. */

import { useCallback, useRef, useState } from "preact/hooks";
import { api, ApiError } from "../../api/client";
import type { CaseLine, Tonight } from "../../api/types";
import { useEvery } from "../../shared/polling";

export const EVERY_MS = 4000;

export interface Watched {
  readonly tonight: Tonight | null;
  readonly error: unknown;
  /** Code of the newest alert since the last look; for the screen reader. */
  readonly fresh: string;
  readonly refresh: () => Promise<void>;
}

/** Alerts that were not there before; at the first look none is new. */
export function newcomers(before: Tonight | null, after: Tonight): readonly CaseLine[] {
  if (before === null) return [];
  const known = new Set(before.open.map((line) => line.id));
  return after.open.filter((line) => !known.has(line.id));
}

export function useTonight(onGone: () => void): Watched {
  const [tonight, setTonight] = useState<Tonight | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [fresh, setFresh] = useState("");
  const last = useRef<Tonight | null>(null);

  const refresh = useCallback(async (): Promise<void> => {
    try {
      const now = await api.tonight();
      const arrived = newcomers(last.current, now);
      if (arrived.length > 0) setFresh(arrived.map((line) => line.code).join(", "));
      last.current = now;
      setTonight(now);
      setError(null);
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 401) return onGone();
      setError(thrown);
    }
  }, [onGone]);

  useEvery(EVERY_MS, refresh);

  return { tonight, error, fresh, refresh };
}
