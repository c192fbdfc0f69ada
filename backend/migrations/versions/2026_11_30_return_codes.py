"""return codes in a table of their own; requests that are erased later; marks of chats."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "return_codes",
        sa.Column("code_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("case_id", sa.String(length=32), nullable=True),
        sa.Column("shown_at", sa.BigInteger(), nullable=False),
        sa.Column("echoed_at", sa.BigInteger(), nullable=True),
        sa.Column("mark", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("code_index", name=op.f("pk_return_codes")),
    )
    with op.batch_alter_table("return_codes", schema=None) as batch_op:
        batch_op.create_index("ix_return_codes_conversation_id", ["conversation_id"], unique=False)
        batch_op.create_index("ix_return_codes_case_id", ["case_id"], unique=False)
    # When they were shown is not known any more: before everything that is shown from now on.
    op.execute(
        "INSERT INTO return_codes (code_index, conversation_id, case_id, shown_at)"
        " SELECT return_index, id, NULL, 0 FROM conversations WHERE return_index IS NOT NULL"
    )
    op.execute(
        "INSERT INTO return_codes (code_index, conversation_id, case_id, shown_at)"
        " SELECT return_index, conversation_id, case_id, 0 FROM earlier_cases"
        " WHERE return_index IS NOT NULL AND return_index NOT IN"
        " (SELECT code_index FROM return_codes)"
    )
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.drop_constraint("uq_conversations_return_index", type_="unique")
        batch_op.drop_column("return_index")
        batch_op.add_column(sa.Column("mark", sa.LargeBinary(length=32), nullable=True))
    with op.batch_alter_table("earlier_cases", schema=None) as batch_op:
        batch_op.drop_constraint("uq_earlier_cases_return_index", type_="unique")
        batch_op.drop_column("return_index")
        batch_op.add_column(sa.Column("mark", sa.LargeBinary(length=32), nullable=True))
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erase_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("erase_act", sa.String(length=32), nullable=True))
