"""tellings."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "earlier_cases",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("return_index", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sign_index", sa.LargeBinary(length=32), nullable=True),
        sa.Column("apart", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_earlier_cases_conversation_id_conversations"),
        ),
        sa.PrimaryKeyConstraint("conversation_id", "case_id", name=op.f("pk_earlier_cases")),
        sa.UniqueConstraint("return_index", name=op.f("uq_earlier_cases_return_index")),
    )
    with op.batch_alter_table("earlier_cases", schema=None) as batch_op:
        batch_op.create_index("ix_earlier_cases_case_id", ["case_id"], unique=False)
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held", sa.String(length=8), nullable=True))
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("remembered_sealed", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unsent_run", sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column("unsent_keep", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("erase_asked_at", sa.BigInteger(), nullable=True))
    _hold_what_was_not_sent()
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.add_column(sa.Column("conversation_id", sa.String(length=32), nullable=True))
        batch_op.create_index("ix_quarantine_conversation_id", ["conversation_id"], unique=False)


def _hold_what_was_not_sent() -> None:
    """What was told in part 2 before this release, and not sent, waits for her word as now."""
    items = sa.table("items", sa.column("case_id"), sa.column("compartment"), sa.column("held"))
    cases = sa.table("cases", sa.column("id"), sa.column("keep"), sa.column("account_served"))
    chats = sa.table(
        "conversations", sa.column("case_id"), sa.column("unsent_run"), sa.column("unsent_keep")
    )
    unsent = sa.select(cases.c.id).where(cases.c.account_served.is_(sa.false()))
    op.execute(
        sa.update(items)
        .where(
            items.c.case_id.in_(unsent),
            items.c.compartment.in_(("account", "perpetrator", "evidence")),
        )
        .values(held="first")
    )
    waiting = sa.select(items.c.case_id).where(items.c.held.is_not(None))
    keep = sa.select(cases.c.keep).where(cases.c.id == chats.c.case_id).scalar_subquery()
    op.execute(
        sa.update(chats)
        .where(chats.c.case_id.in_(waiting))
        .values(unsent_run="first", unsent_keep=sa.func.coalesce(keep, sa.false()))
    )
