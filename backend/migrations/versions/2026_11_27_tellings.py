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
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.add_column(sa.Column("conversation_id", sa.String(length=32), nullable=True))
        batch_op.create_index("ix_quarantine_conversation_id", ["conversation_id"], unique=False)
