"""shown."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_deliveries_shown",
            ["channel", "created_at"],
            unique=False,
            sqlite_where=sa.text("receipt_sealed IS NOT NULL"),
            postgresql_where=sa.text("receipt_sealed IS NOT NULL"),
        )
