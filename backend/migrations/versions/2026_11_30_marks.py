"""marks of compartments and items; requests of one person in a chat; what was done to members."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("compartments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mark", sa.LargeBinary(length=32), nullable=True))
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("author", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("signature", sa.LargeBinary(length=64), nullable=True))
        batch_op.add_column(sa.Column("mark", sa.LargeBinary(length=32), nullable=True))
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erase_ask", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("told_group", sa.String(length=32), nullable=True))
    with op.batch_alter_table("earlier_cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told_group", sa.String(length=32), nullable=True))
        batch_op.add_column(
            sa.Column("contact", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.execute(
        "UPDATE earlier_cases SET contact = (SELECT conversations.contact FROM conversations"
        " WHERE conversations.id = earlier_cases.conversation_id)"
    )
    # Where somebody began apart nobody knows any more which belonged together: each stands alone.
    apart = "(SELECT conversation_id FROM earlier_cases WHERE apart)"
    op.execute(f"UPDATE conversations SET told_group = id WHERE id IN {apart}")  # noqa: S608
    op.execute(
        f"UPDATE earlier_cases SET told_group = case_id WHERE conversation_id IN {apart}"  # noqa: S608
    )
    with op.batch_alter_table("earlier_cases", schema=None) as batch_op:
        batch_op.alter_column("contact", server_default=None)
        batch_op.drop_column("apart")
    op.create_table(
        "people_log",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("member_id", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_log")),
    )
    with op.batch_alter_table("people_log", schema=None) as batch_op:
        batch_op.create_index("ix_people_log_at", ["at"], unique=False)
