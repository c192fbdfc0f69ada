/** What the backend's console API says; bytes are base64, moments ISO 8601. */

import type { Signed } from "../crypto";

export interface ArgonJson {
  readonly salt: string;
  readonly memory_kib: number;
  readonly passes: number;
  readonly lanes: number;
}

export interface About {
  readonly mode: "demo" | "production";
  readonly operator: string;
  readonly version: string;
  readonly locales: readonly string[];
}

export interface Language {
  readonly id: string;
  readonly name: string;
  readonly dir: "ltr" | "rtl";
  readonly draft: boolean;
}

export interface Invitation {
  readonly member: string;
  readonly organisation: string;
  readonly roles: readonly string[];
  readonly totp_secret: string;
  readonly totp_uri: string;
  readonly passkeys_possible: boolean;
  readonly mode: string;
  readonly roster: Signed | null;
}

/** The second factor: a code that was typed, or what a device answered. */
export type Factor = { readonly totp: string } | { readonly passkey: unknown };

export type Enrolment = Factor & {
  readonly kem_public: string;
  readonly sign_public: string;
  readonly wrapped_seed: string;
  readonly argon: ArgonJson;
  readonly login: string;
};

export interface Me {
  readonly id: string;
  readonly name: string;
  readonly organisation: string;
  readonly roles: readonly string[];
  readonly locale: string;
  readonly on_call: boolean;
  readonly links: readonly { readonly channel: string }[];
  readonly roster_version: number;
  readonly wrapped_seed: string;
}

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly organisation: string;
  readonly team_id: string | null;
  readonly roles: readonly string[];
  readonly kem: string | null;
  readonly sign: string | null;
  readonly enrolled_at: string | null;
  readonly invited_until: string | null;
}

export interface People {
  readonly members: readonly Person[];
  readonly organisations: readonly { readonly id: string; readonly name: string }[];
  readonly teams: readonly { readonly id: string; readonly organisation_id: string }[];
}

export interface NewPerson {
  readonly name: string;
  readonly organisation: string;
  readonly team_id: string | null;
  readonly roles: readonly string[];
  readonly sex: string;
  readonly locale: string;
}

export interface Security {
  readonly sessions: readonly {
    readonly id: string;
    readonly opened_at: string;
    readonly seen_at: string;
    readonly here: boolean;
  }[];
  readonly codes_left: number;
  /** Whether there is an authenticator app; then every passkey may go. */
  readonly authenticator: boolean;
  readonly passkeys: readonly { readonly id: string; readonly made_at: string }[];
  readonly passkeys_possible: boolean;
}

export interface Holders {
  readonly held: Readonly<Record<string, readonly string[]>>;
  /** To whom it is referred, and who has not accepted yet. */
  readonly asked: Readonly<Record<string, readonly string[]>>;
  readonly allowed: readonly string[];
}

/** A compartment's seed, sealed here to one member. */
export interface SealedFor {
  readonly compartment: string;
  readonly generation: number;
  readonly holder: string;
  readonly sealed: string;
}

export interface Package {
  readonly format: number;
  readonly to: string;
  /** The key that the list of members begins with, and that list as it was signed (base64). */
  readonly root: string;
  readonly document: string;
  readonly signature: string;
  readonly cases: readonly {
    readonly id: string;
    readonly code: string;
    readonly grants: readonly {
      readonly compartment: string;
      readonly generation: number;
      readonly public: string;
      readonly sealed: string;
    }[];
  }[];
}

export type ReferralState = "in_progress" | "accepted" | "rejected" | "done" | "revoked";
export type Priority = "high" | "medium" | "low";

/** As one of its two sides sees it; words that are not for that side are empty. */
export interface Referral {
  readonly id: string;
  readonly case_id: string;
  readonly code: string;
  readonly sender: string;
  readonly sender_organisation: string;
  readonly receiver: string;
  readonly receiver_organisation: string;
  readonly priority: Priority;
  readonly status: ReferralState;
  readonly compartments: readonly string[];
  readonly asked_at: string;
  readonly due_at: string;
  readonly settled_at: string | null;
  readonly late: boolean;
  readonly consent: string;
  readonly note: string;
  readonly answer: string;
}

export interface Referrals {
  readonly to_me: readonly Referral[];
  readonly by_me: readonly Referral[];
  readonly now: string;
}

/** Of one case; `allowed`: ids of those to whom it may be referred. */
export interface CaseReferrals {
  readonly referrals: readonly Referral[];
  readonly allowed: readonly string[];
}

export interface NewReferral {
  readonly receiver: string;
  readonly grants: readonly SealedFor[];
  readonly priority: Priority;
  readonly consent: string;
  readonly note: string;
  readonly reason: string;
}

export interface Referred {
  readonly id: string;
  readonly status: ReferralState;
}

/** What the recovery page gives back. */
export interface Recovered {
  readonly format: number;
  readonly cases: readonly { readonly id: string; readonly grants: readonly SealedFor[] }[];
}

export interface Invited {
  readonly id: string;
  readonly url: string;
}

export interface LinkCode {
  readonly code: string;
  readonly expires_at: string;
  readonly channels: readonly string[];
}

export interface CaseLine {
  readonly id: string;
  readonly code: string;
  readonly status: string;
  readonly urgency: string;
  readonly needs: readonly string[];
  readonly area: string;
  readonly deadline: string | null;
  readonly taker: string | null;
  readonly created_at: string;
  readonly mine: boolean;
  readonly answered: boolean;
}

export interface Tonight {
  readonly open: readonly CaseLine[];
  readonly mine: readonly CaseLine[];
  readonly accounts: readonly CaseLine[];
  readonly now: string;
}

export interface Grant {
  readonly compartment: string;
  readonly generation: number;
  readonly public: string;
  readonly sealed: string;
  readonly holder: string;
}

export interface Item {
  readonly id: string;
  readonly compartment: string;
  readonly generation: number;
  readonly kind: string;
  readonly sealed: string;
  readonly made_at: string;
  /** Of a step: the member, and their signature over its place and ciphertext (base64). */
  readonly author?: string | null;
  /** As the server has it, also of somebody who left. */
  readonly author_name?: string | null;
  readonly signature?: string | null;
}

export interface LogLine {
  readonly kind: string;
  readonly member: string | null;
  readonly at: string;
  readonly detail: string;
}

export interface CaseFile {
  readonly case: CaseLine;
  readonly content: string;
  readonly interview: string;
  readonly grants: readonly Grant[];
  readonly items: readonly Item[];
  /** Items in the database that the server did not put there; not served. */
  readonly strange?: number;
  readonly log: readonly LogLine[];
  /** To be worked on by this member; otherwise it is read by the referral, and no more. */
  readonly own: boolean;
  readonly referral: Referral | null;
}

export interface Status {
  readonly status: string;
  readonly taker?: string | null;
}
