/** What `GET /v1/audit` says, and what it can be asked for. */

/** Every kind of line that the backend writes; a test of the backend holds the two lists together. */
export const AUDIT_KINDS = [
  "opened",
  "submitted",
  "asked_again",
  "withdrawn",
  "erase_later",
  "erase_undone",
  "erased",
  "unreachable",
  "alerted",
  "skipped",
  "nobody",
  "hourly",
  "idle",
  "taken",
  "passed",
  "returned",
  "conflict",
  "answered",
  "done",
  "served",
  "keys",
  "left_out",
  "granted",
  "spoiled",
  "recovery_asked",
  "recovered",
  "referred",
  "ref_accepted",
  "ref_rejected",
  "ref_revoked",
  "ref_done",
  "invited",
  "invited_again",
  "enrolled",
  "reset",
  "removed",
  "roster",
  "audited",
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

export const AUDIT_SORTS = ["person", "alerts", "work", "reading", "keys", "members"] as const;
export type AuditSort = (typeof AUDIT_SORTS)[number];

export interface AuditLine {
  readonly at: string;
  /** Its code; empty where the line is about a member. */
  readonly case: string;
  readonly kind: string;
  readonly member: string | null;
  /** Who was given a key, or whom it is about. */
  readonly to: string | null;
  readonly detail: string;
  readonly reason: string;
  /** Somebody should ask why. */
  readonly look: boolean;
}

export interface AuditPage {
  readonly lines: readonly AuditLine[];
  /** Ask with it for the earlier ones; empty when there are none. */
  readonly before: string;
  /** With the first page: everybody who is or was a member. */
  readonly members: readonly string[];
}

/** What is given must be so; empty: whatever. */
export interface AuditSearch {
  readonly case: string;
  readonly member: string;
  readonly sort: AuditSort | "";
  readonly look: boolean;
}
