/** The backend's console API, one function a call. Nothing is kept, nothing is retried here. */

import type { Signed } from "../crypto";
import type { AuditPage, AuditSearch } from "./audit";
import type {
  About,
  ArgonJson,
  CaseFile,
  CaseReferrals,
  Enrolment,
  Factor,
  Holders,
  Invitation,
  Invited,
  Language,
  LinkCode,
  Me,
  NewPerson,
  NewReferral,
  Package,
  People,
  Referrals,
  Referred,
  SealedFor,
  Security,
  Status,
  Tonight,
} from "./types";

const PATIENCE_MS = 20_000;

/** `code` is the server's, or `offline` when none answered. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfter: number | null;
  readonly taker: string | null;

  constructor(status: number, code: string, retryAfter: number | null, taker: string | null) {
    super(code);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
    this.taker = taker;
  }
}

async function refusal(response: Response): Promise<ApiError> {
  let body: { code?: unknown; taker?: unknown } = {};
  try {
    body = (await response.json()) as typeof body;
  } catch {
    // no JSON: a proxy's page, say
  }
  const wait = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    typeof body.code === "string" ? body.code : `http_${response.status}`,
    Number.isFinite(wait) && wait > 0 ? wait : null,
    typeof body.taker === "string" ? body.taker : null,
  );
}

/** Why somebody opens a case: in a header, since addresses end up in logs. */
function because(reason: string): Record<string, string> {
  return reason === "" ? {} : { "X-Relais-Reason": encodeURIComponent(reason) };
}

async function call<T>(method: string, path: string, body?: unknown, reason = ""): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", ...because(reason) };
  if (method !== "GET") headers["X-Relais"] = "console";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError(0, "offline", null, null);
  }
  if (!response.ok) throw await refusal(response);
  const raw = await response.text();
  return (raw === "" ? undefined : JSON.parse(raw)) as T;
}

const get = <T>(path: string, reason = ""): Promise<T> => call<T>("GET", path, undefined, reason);
const post = <T>(path: string, body: unknown = {}): Promise<T> => call<T>("POST", path, body);
const part = encodeURIComponent;

function asked({ case: code, member, sort, look }: AuditSearch, before: string): string {
  const given = { case: code, member, sort, look: look ? "true" : "", before };
  return new URLSearchParams(Object.entries(given).filter(([, value]) => value !== "")).toString();
}

/** Sealed bytes of a file. Longer patience: a slow link, and up to a few hundred megabytes. */
async function bytes(path: string, reason: string): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(path, {
      headers: because(reason),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(30 * PATIENCE_MS),
    });
  } catch {
    throw new ApiError(0, "offline", null, null);
  }
  if (!response.ok) throw await refusal(response);
  return new Uint8Array(await response.arrayBuffer());
}

export const api = {
  about: () => get<About>("/v1/about"),
  languages: () => get<Language[]>("/v1/languages"),
  labels: (content: string, locale: string) =>
    get<{ texts: Record<string, string> }>(`/v1/labels/${part(content)}?locale=${part(locale)}`),

  invitation: (token: string) => get<Invitation>(`/v1/invitations/${part(token)}`),
  enrol: (token: string, enrolment: Enrolment) =>
    post<{ member_id: string; name: string }>(`/v1/invitations/${part(token)}`, enrolment),
  enrolPasskey: (token: string) =>
    post<{ options: PublicKeyCredentialCreationOptionsJSON }>(`/v1/invitations/${part(token)}/passkey`),

  loginStart: (name: string) => post<{ argon: ArgonJson }>("/v1/login/start", { name }),
  login: (name: string, login: string, factor: Factor) =>
    post<{ me: Me; wrapped_seed: string }>("/v1/login", { name, login, ...factor }),
  passkeyLogin: (name: string, login: string) =>
    post<{ options: PublicKeyCredentialRequestOptionsJSON }>("/v1/login/passkey", { name, login }),
  logout: () => post<void>("/v1/logout"),

  me: () => get<Me>("/v1/me"),
  security: () => get<Security>("/v1/me/security"),
  endSessions: (which: string) => call<{ ended: number }>("DELETE", `/v1/me/sessions/${part(which)}`),
  recoveryCodes: (login: string) => post<{ codes: string[] }>("/v1/me/recovery-codes", { login }),
  newAuthenticator: (login: string) =>
    post<{ totp_secret: string; totp_uri: string }>("/v1/me/authenticator/new", { login }),
  newPasskey: (login: string) =>
    post<{ options: PublicKeyCredentialCreationOptionsJSON }>("/v1/me/passkeys/new", { login }),
  addPasskey: (credential: unknown) => post<void>("/v1/me/passkeys", { credential }),
  removePasskey: (id: string) => call<void>("DELETE", `/v1/me/passkeys/${part(id)}`),
  authenticator: (totp: string) => post<void>("/v1/me/authenticator", { totp }),
  newWords: (words: { before: string; login: string; wrapped_seed: string; argon: ArgonJson }) =>
    post<void>("/v1/me/words", words),
  onCall: (onCall: boolean) => post<void>("/v1/me/on-call", { on_call: onCall }),
  setLocale: (locale: string) => post<void>("/v1/me/locale", { locale }),
  linkCode: () => post<LinkCode>("/v1/me/link-codes"),
  unlink: (channel: string) => call<void>("DELETE", `/v1/me/links/${part(channel)}`),
  roster: () => get<Signed>("/v1/roster"),
  lastRoster: () => get<Signed>("/v1/roster/last"),
  putRoster: (signed: Signed) =>
    post<Signed>("/v1/roster", { document: signed.document, signature: signed.signature }),

  people: () => get<People>("/v1/members"),
  invite: (person: NewPerson) => post<Invited>("/v1/members", person),
  inviteAgain: (id: string) => post<Invited>(`/v1/members/${part(id)}/invitation`),
  resetPerson: (id: string) => post<Invited>(`/v1/members/${part(id)}/reset`),
  removePerson: (id: string) => post<void>(`/v1/members/${part(id)}/remove`),

  audit: (search: AuditSearch, before: string) => get<AuditPage>(`/v1/audit?${asked(search, before)}`),

  tonight: () => get<Tonight>("/v1/tonight"),
  take: (id: string) => post<Status>(`/v1/cases/${part(id)}/take`),
  pass: (id: string) => post<Status>(`/v1/cases/${part(id)}/pass`),
  conflict: (id: string) => post<Status>(`/v1/cases/${part(id)}/conflict`),
  done: (id: string) => post<Status>(`/v1/cases/${part(id)}/done`),
  openCase: (id: string, reason: string) =>
    get<CaseFile>(`/v1/cases/${part(id)}`, reason),
  caseFile: (id: string, file: string, preview: boolean, reason: string) =>
    bytes(`/v1/cases/${part(id)}/files/${part(file)}${preview ? "/preview" : ""}`, reason),
  holders: (id: string, reason: string) =>
    get<Holders>(`/v1/cases/${part(id)}/holders`, reason),
  grant: (
    id: string,
    given: { grants: readonly SealedFor[]; why: string; consent: string; reason: string },
  ) => post<void>(`/v1/cases/${part(id)}/grants`, given),
  giveBack: (id: string, key: { compartment: string; generation: number }) =>
    post<void>(`/v1/cases/${part(id)}/spoiled`, key),
  recoveryPackage: (codes: readonly string[], to: string, reason: string) =>
    post<Package>("/v1/recovery/package", { codes, to, reason }),
  recovered: (id: string, grants: readonly SealedFor[]) =>
    post<void>(`/v1/cases/${part(id)}/recovered`, { grants }),
  referrals: () => get<Referrals>("/v1/referrals"),
  caseReferrals: (id: string, reason: string) =>
    get<CaseReferrals>(`/v1/cases/${part(id)}/referrals`, reason),
  refer: (id: string, given: NewReferral) =>
    post<Referred>(`/v1/cases/${part(id)}/referrals`, given),
  acceptReferral: (id: string) => post<Referred>(`/v1/referrals/${part(id)}/accept`),
  rejectReferral: (id: string, reason: string) =>
    post<Referred>(`/v1/referrals/${part(id)}/reject`, { reason }),
  finishReferral: (id: string, note: string) =>
    post<Referred>(`/v1/referrals/${part(id)}/done`, { note }),
  revokeReferral: (id: string, reason: string) =>
    post<Referred>(`/v1/referrals/${part(id)}/revoke`, { reason }),
  noteStep: (id: string, step: { item_id: string; generation: number; sealed: string; signature: string }) =>
    post<Status>(`/v1/cases/${part(id)}/steps`, step),
};
