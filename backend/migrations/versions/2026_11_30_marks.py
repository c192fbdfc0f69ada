"""marks of compartments."""

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
