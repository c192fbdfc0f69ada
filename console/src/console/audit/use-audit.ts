/** The lines that were asked for: the newest first, and earlier ones when they are wanted. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { AuditLine, AuditSearch } from "../../api/audit";
import { api, ApiError } from "../../api/client";

export interface Found {
  readonly lines: readonly AuditLine[];
  readonly before: string;
}

export interface Audit {
  /** Null until the first answer to this search. */
  readonly found: Found | null;
  readonly members: readonly string[];
  readonly busy: boolean;
  readonly error: unknown;
  /** How many lines there were before the last ones came; null for a new search. */
  readonly fresh: number | null;
  readonly earlier: () => void;
  readonly again: () => void;
}

export function useAudit(search: AuditSearch, onGone: () => void): Audit {
  const [found, setFound] = useState<Found | null>(null);
  const [members, setMembers] = useState<readonly string[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [fresh, setFresh] = useState<number | null>(null);
  const turn = useRef(0);

  const load = useCallback(
    async (after: Found | null): Promise<void> => {
      const mine = ++turn.current;
      setBusy(true);
      setError(null);
      try {
        const page = await api.audit(search, after?.before ?? "");
        if (mine !== turn.current) return; // something else was asked for meanwhile
        setFound({ lines: [...(after?.lines ?? []), ...page.lines], before: page.before });
        setFresh(after?.lines.length ?? null);
        if (!after) setMembers(page.members);
      } catch (thrown) {
        if (mine !== turn.current) return;
        if (thrown instanceof ApiError && thrown.status === 401) return onGone();
        setError(thrown);
      }
      setBusy(false);
    },
    [search, onGone],
  );
  useEffect(() => {
    setFound(null);
    void load(null);
    return () => void ++turn.current;
  }, [load]);
  return {
    found,
    members,
    busy,
    error,
    fresh,
    earlier: () => void (busy || load(found)),
    again: () => void load(found?.before ? found : null),
  };
}
