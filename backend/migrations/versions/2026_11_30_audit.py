"""what auditors look for: cases opened while another had them; the log by time, member and kind."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("case_log", schema=None) as batch_op:
        batch_op.add_column(sa.Column("of_another", sa.Boolean(), nullable=True))
        batch_op.create_index("ix_case_log_at", ["at", "id"], unique=False)
        batch_op.create_index("ix_case_log_member_id", ["member_id", "at", "id"], unique=False)
        batch_op.create_index("ix_case_log_kind", ["kind", "at", "id"], unique=False)
        batch_op.create_index(
            "ix_case_log_of_another",
            ["at", "id"],
            unique=False,
            sqlite_where=sa.text("of_another IS NOT NULL"),
            postgresql_where=sa.text("of_another IS NOT NULL"),
        )
    # Before, only the reason told; of erased cases that is gone.
    op.execute(
        "UPDATE case_log SET of_another = (1 = 1) WHERE kind = 'served'"
        " AND reason_sealed IS NOT NULL"
    )
