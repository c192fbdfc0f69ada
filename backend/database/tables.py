"""Every table. Moments are UTC milliseconds; ids are 32 random hex digits.

What each column protects (sealed, keyed, or open and why) stands in ``docs/columns.md``, which a
test holds against this file.
"""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: Final = MetaData(naming_convention=NAMING)

Id = String(32)

# -- conversations and their messages --------------------------------------------------------

events = Table(
    "events",
    metadata,
    Column("event_index", LargeBinary(32), primary_key=True),  # HMAC(channel, event id)
    Column("conversation_id", Id),
    Column("seen_at", BigInteger, nullable=False),
    Column("outcome", String(16), nullable=False),  # done, quarantined
    Column("receipt_sealed", LargeBinary),  # her message's id on the messenger, for quick exit
    Column("receipt_key", String(10)),
    Index("ix_events_seen_at", "seen_at"),
    Index("ix_events_conversation_id", "conversation_id"),
)

event_failures = Table(
    "event_failures",
    metadata,
    Column("event_index", LargeBinary(32), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("event_index", LargeBinary(32), primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("envelope", LargeBinary, nullable=False),  # still sealed to the inbox key
    Column("error", String(64), nullable=False),  # an error's code, never content
    Column("seen_at", BigInteger, nullable=False),
    Column("conversation_id", Id),
    Index("ix_quarantine_conversation_id", "conversation_id"),
)

KEYRING = "keyring"
"""As ``state_key``: the state was reduced to what coming back needs."""

conversations = Table(
    "conversations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", String(16), nullable=False),
    # Once the address was destroyed: 32 random bytes, and nothing.
    Column("address_index", LargeBinary(32), nullable=False),
    Column("address_sealed", LargeBinary, nullable=False),
    Column("state_sealed", LargeBinary),
    Column("state_key", String(10)),  # day of the draft key, or "keyring" once reduced
    Column("version", Integer, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("settled_seq", BigInteger, nullable=False),
    Column("case_id", Id),
    Column("member_id", Id),
    Column("contact", Boolean, nullable=False),  # she agreed to be written to: the address stays
    Column("sign_index", LargeBinary(32)),
    # The account under way in the case: its telling, and whether silence keeps it.
    Column("unsent_run", String(8)),
    Column("unsent_keep", Boolean),
    # "Erase everything?" was asked over a state that cannot be read; it stays until she says yes.
    Column("erase_asked_at", BigInteger),
    Column("erase_ask", String(32)),  # names that very question, so that no older button answers it
    # Which requests of this chat are of the same person, as far as she showed it; none: the first.
    Column("told_group", Id),
    Column("expires_at", BigInteger),
    Column("mark", LargeBinary(32)),  # of what it leads to; see ``backend.chats``
    UniqueConstraint("channel", "address_index"),
    Index("ix_conversations_case_id", "case_id"),
    Index("ix_conversations_member_id", "member_id"),
    Index("ix_conversations_expires_at", "expires_at"),
)

earlier_cases = Table(
    "earlier_cases",  # of a chat, before its present one
    metadata,
    Column("conversation_id", Id, ForeignKey("conversations.id"), primary_key=True),
    Column("case_id", Id, primary_key=True),
    # The sign that leads to it alone; what leads to the present case stands there.
    Column("sign_index", LargeBinary(32)),
    Column("told_group", Id),  # requests of one person have one; see conversations
    Column("contact", Boolean, nullable=False),  # she agreed to be written to about this one
    Column("mark", LargeBinary(32)),
    Index("ix_earlier_cases_case_id", "case_id"),
)

return_codes = Table(
    "return_codes",  # shown to somebody; which of them she has is seen when she writes one back
    metadata,
    Column("code_index", LargeBinary(32), primary_key=True),
    Column("conversation_id", Id),  # the chat it was shown in; none once that was erased
    Column("case_id", Id),  # the request it leads to; none: whichever the chat has at present
    Column("shown_at", BigInteger, nullable=False),
    Column("echoed_at", BigInteger),
    Column("mark", LargeBinary(32)),
    Index("ix_return_codes_conversation_id", "conversation_id"),
    Index("ix_return_codes_case_id", "case_id"),
)

draft_items = Table(
    "draft_items",
    metadata,
    Column("conversation_id", Id, ForeignKey("conversations.id"), primary_key=True),
    Column("slot", LargeBinary(32), primary_key=True),  # HMAC(conversation, step)
    Column("sealed", LargeBinary, nullable=False),
    Column("key", String(10), nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("kind", String(8), nullable=False),  # send, edit, delete, forget, timer
    Column("purpose", String(12), nullable=False),  # reply, alert, notice, erase, clear, late
    Column("body_sealed", LargeBinary),  # wiped when settled
    Column("body_key", String(10)),
    Column("status", String(8), nullable=False),  # pending, sent, failed, expired
    Column("fence", Integer, nullable=False),
    Column("lease_until", BigInteger, nullable=False),  # 0: not leased
    Column("not_before", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("event_index", LargeBinary(32)),
    Column("dedupe_key", String(96), unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    Column("failure", String(32)),
    Column("receipt_sealed", LargeBinary),  # our message's ids on the messenger
    Column("receipt_key", String(10)),
    UniqueConstraint("conversation_id", "seq"),
    Index(
        "ix_deliveries_pending",
        "channel",
        "not_before",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
    Index(
        "ix_deliveries_shown",
        "channel",
        "created_at",
        sqlite_where=text("receipt_sealed IS NOT NULL"),
        postgresql_where=text("receipt_sealed IS NOT NULL"),
    ),
    Index(
        "ix_deliveries_event_index",
        "event_index",
        sqlite_where=text("event_index IS NOT NULL"),
        postgresql_where=text("event_index IS NOT NULL"),
    ),
)

# -- cases -------------------------------------------------------------------------------------

cases = Table(
    "cases",
    metadata,
    Column("id", Id, primary_key=True),
    Column("code", String(8), nullable=False, unique=True),
    Column("status", String(12), nullable=False),  # silent, open, taken, done, erasing, erased
    Column("interview", String(64), nullable=False),
    Column("content", String(64), nullable=False),
    Column("routing_sealed", LargeBinary),  # needs, urgency, area, locale, sex, excluded
    Column("remembered_sealed", LargeBinary),  # what its chat kept of her when it left it
    Column("tier", Integer, nullable=False),
    Column("round", Integer, nullable=False),  # grows when a case returns to the queue
    Column("deadline_at", BigInteger),
    Column("taker_id", Id),
    Column("taken_at", BigInteger),
    Column("answered_at", BigInteger),
    Column("submitted_at", BigInteger),
    Column("account_served", Boolean, nullable=False),  # part 2 may be handed out
    Column("keep", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("erase_at", BigInteger),  # of one that is `erasing`: until then her code undoes it
    Column("erase_act", Id),  # one word of hers: what it set aside comes back together
    Index("ix_cases_status", "status", "deadline_at"),
    Index("ix_cases_taker_id", "taker_id"),
)

compartments = Table(
    "compartments",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("name", String(12), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("public", LargeBinary, nullable=False),
    Column("mark", LargeBinary(32)),  # empty: of an earlier version, see `relais keys vouch`
)

grants = Table(
    "grants",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("name", String(12), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("holder", String(32), primary_key=True),  # id of a member or referral, or "recovery"
    Column("sealed", LargeBinary, nullable=False),
    Column("granted_at", BigInteger, nullable=False),
    Column("granted_by", String(32), nullable=False),
    Column("why", String(32), nullable=False),
    # Of a referral: then it is the holder, too, and its receiver is served once it was accepted.
    Column("referral_id", Id),
    Index("ix_grants_holder", "holder"),
    Index("ix_grants_referral_id", "referral_id"),
)

referrals = Table(
    "referrals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("sender_id", Id, nullable=False),
    Column("receiver_id", Id, nullable=False),
    Column("priority", String(8), nullable=False),  # high, medium, low
    Column("status", String(12), nullable=False),  # in_progress, accepted, rejected, done, revoked
    Column("compartments", String(64), nullable=False),  # names, with commas
    Column("asked_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    # Words of members about it, none once she took back what they are about.
    Column("consent_sealed", LargeBinary),
    Column("note_sealed", LargeBinary),
    Column("answer_sealed", LargeBinary),
    Index("ix_referrals_case_id", "case_id"),
    Index("ix_referrals_sender_id", "sender_id", "asked_at"),
    Index("ix_referrals_receiver_id", "receiver_id", "asked_at"),
)

items = Table(
    "items",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("compartment", String(12), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("kind", String(12), nullable=False),  # answer, consent, file, step
    Column("slot", LargeBinary(32), nullable=False),  # HMAC(case, step): finds the one to correct
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("held", String(8)),  # the telling it belongs to, until she sends that
    Column("author", Id),  # the member who wrote it; none: it is hers
    Column("signature", LargeBinary(64)),  # the author's, over its place and the ciphertext
    Column("mark", LargeBinary(32)),  # empty: of an earlier version, see `relais keys vouch`
    Index("ix_items_case_id", "case_id", "compartment"),
)

media = Table(
    "media",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("upload_index", LargeBinary(32), unique=True),  # HMAC(channel, idempotency key)
    Column("path", String(64), nullable=False, unique=True),  # random, of the sealed object
    Column("preview_path", String(64), unique=True),  # the same, of an image without metadata
    # Key, hash, kind, type, size: until the compartment exists, whose header replaces it.
    Column("key_sealed", LargeBinary),
    Column("key_key", String(10)),
    Column("header", LargeBinary),
    Column("preview_header", LargeBinary),
    # Neither: no turn has named it yet. One of them, with its slot, afterwards.
    Column("conversation_id", Id, ForeignKey("conversations.id")),
    Column("case_id", Id, ForeignKey("cases.id")),
    Column("compartment", String(12)),
    Column("slot", LargeBinary(32)),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_media_conversation_id", "conversation_id"),
    Index("ix_media_case_id", "case_id"),
    Index("ix_media_slot", "slot"),
    Index(
        "ix_media_unnamed",
        "channel",
        "created_at",
        sqlite_where=text("conversation_id IS NULL AND case_id IS NULL"),
        postgresql_where=text("conversation_id IS NULL AND case_id IS NULL"),
    ),
)

file_garbage = Table(
    "file_garbage",
    metadata,
    Column("path", String(64), primary_key=True),  # an object whose row is gone
    Column("since", BigInteger, nullable=False),
    Index("ix_file_garbage_since", "since"),
)

case_log = Table(
    "case_log",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("member_id", Id),
    Column("at", BigInteger, nullable=False),
    Column("detail", String(64), nullable=False),  # a code: tier number, compartments served
    Column("reason_sealed", LargeBinary),  # why a coordinator opened a case taken by another
    Column("of_another", Boolean),  # that it was; outlives the reason. None: it was not
    Index("ix_case_log_case_id", "case_id", "at"),
    # What auditors ask for: everything, by member, by kind; each is a walk from the newest on.
    Index("ix_case_log_at", "at", "id"),
    Index("ix_case_log_member_id", "member_id", "at", "id"),
    Index("ix_case_log_kind", "kind", "at", "id"),
    Index(
        "ix_case_log_of_another",
        "at",
        "id",
        sqlite_where=text("of_another IS NOT NULL"),
        postgresql_where=text("of_another IS NOT NULL"),
    ),
)

alerts = Table(
    "alerts",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("tier", Integer, primary_key=True),
    Column("member_id", Id, primary_key=True),
    Column(
        "status", String(12), nullable=False
    ),  # open, taken, passed, lost, withdrawn, conflict, renewed
    Column("alerted_at", BigInteger, nullable=False),
    Index("ix_alerts_member_id", "member_id", "status"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("key", String(96), nullable=False, unique=True),
    Column("subject", String(64), nullable=False),  # an id
    Column("due_at", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("status", String(8), nullable=False),  # waiting, done, failed, dropped
    Column("error", String(64)),
    Column("done_at", BigInteger),
    Index("ix_jobs_due", "status", "due_at"),
)

# -- people and directory ----------------------------------------------------------------------

areas = Table(
    "areas",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("names", JSON, nullable=False),
    Column("position", Integer, nullable=False),
)

organisations = Table(
    "organisations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("restricted", Boolean, nullable=False),
)

services = Table(
    "services",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("organisation_id", String(64), ForeignKey("organisations.id"), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("areas", JSON, nullable=False),
    Column("languages", JSON, nullable=False),
    Column("offers", JSON, nullable=False),
    Column("children", Boolean, nullable=False),
    Column("show_in_chat", Boolean, nullable=False),
    Column("verified_at", BigInteger, nullable=False),
    Column("verify_days", Integer, nullable=False),
)

teams = Table(
    "teams",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("organisation_id", String(64), ForeignKey("organisations.id"), nullable=False),
    Column("services", JSON, nullable=False),
    Column("areas", JSON, nullable=False),
    Column("languages", JSON, nullable=False),
    Column("children", Boolean, nullable=False),
    Column("priority", Integer, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("id", Id, primary_key=True),
    Column("organisation_id", String(64), ForeignKey("organisations.id"), nullable=False),
    Column("team_id", String(64), ForeignKey("teams.id")),  # none: a coordinator of no team
    Column("name", String(64), nullable=False),
    Column("login_name", String(64), nullable=False, unique=True),  # the name, case folded
    Column("sex", String(8), nullable=False),
    Column("locale", String(16), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("on_call", Boolean, nullable=False),
    Column("kem_public", LargeBinary),
    Column("sign_public", LargeBinary),
    Column("key_sealed", LargeBinary),  # the browser's wrapped seed, wrapped once more
    Column("argon", JSON),  # {"salt": hex, "memory_kib": n, "passes": n, "lanes": n}
    Column("login_index", LargeBinary(32)),
    Column("totp_sealed", LargeBinary),
    Column("totp_step", BigInteger, nullable=False),
    Column("totp_next_sealed", LargeBinary),  # of an authenticator that is being set up
    Column("enrolled_at", BigInteger),
    Column("disabled_at", BigInteger),
)

people_log = Table(
    "people_log",  # of members, as case_log is of cases; nothing is ever taken out of it
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("member_id", Id, nullable=False),  # who did it
    Column("subject_id", Id),  # to whom
    Column("at", BigInteger, nullable=False),
    Column("detail", String(64), nullable=False),  # the version of a roster
    Index("ix_people_log_at", "at"),
)

recovery_codes = Table(
    "recovery_codes",  # each stands in once for the authenticator
    metadata,
    Column("member_id", Id, ForeignKey("members.id"), primary_key=True),
    Column("code_index", LargeBinary(32), primary_key=True),
    Column("made_at", BigInteger, nullable=False),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", LargeBinary, primary_key=True),  # the credential's, as its device made it
    Column("member_id", Id, ForeignKey("members.id"), nullable=False),
    Column("public", LargeBinary, nullable=False),  # COSE
    Column("uses", BigInteger, nullable=False),  # grows: a copied one is found
    Column("made_at", BigInteger, nullable=False),
    Index("ix_passkeys_member_id", "member_id"),
)

passkey_challenges = Table(
    "passkey_challenges",
    metadata,
    Column("challenge_index", LargeBinary(32), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("token_index", LargeBinary(32), primary_key=True),
    Column("member_id", Id, ForeignKey("members.id"), nullable=False),
    Column("totp_sealed", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_index", LargeBinary(32), primary_key=True),
    Column("member_id", Id, ForeignKey("members.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

link_codes = Table(
    "link_codes",
    metadata,
    Column("code_index", LargeBinary(32), primary_key=True),
    Column("member_id", Id, ForeignKey("members.id"), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

rosters = Table(
    "rosters",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("document", LargeBinary, nullable=False),  # canonical JSON
    Column("signature", LargeBinary, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
)

throttles = Table(
    "throttles",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),  # HMAC of what is limited
    Column("failures", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
)

# -- content and counts ------------------------------------------------------------------------

archive = Table(
    "archive",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),  # document and catalogues, msgspec JSON, zlib
    Column("archived_at", BigInteger, nullable=False),
)

topics = Table(
    "topics",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("topic", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
)
