"""files."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "file_garbage",
        sa.Column("path", sa.String(length=64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_file_garbage")),
    )
    with op.batch_alter_table("file_garbage", schema=None) as batch_op:
        batch_op.create_index("ix_file_garbage_since", ["since"], unique=False)

    op.create_table(
        "media",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("upload_index", sa.LargeBinary(length=32), nullable=True),
        sa.Column("path", sa.String(length=64), nullable=False),
        sa.Column("preview_path", sa.String(length=64), nullable=True),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_key", sa.String(length=10), nullable=True),
        sa.Column("header", sa.LargeBinary(), nullable=True),
        sa.Column("preview_header", sa.LargeBinary(), nullable=True),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("case_id", sa.String(length=32), nullable=True),
        sa.Column("compartment", sa.String(length=12), nullable=True),
        sa.Column("slot", sa.LargeBinary(length=32), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_media_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_media_conversation_id_conversations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("path", name=op.f("uq_media_path")),
        sa.UniqueConstraint("preview_path", name=op.f("uq_media_preview_path")),
        sa.UniqueConstraint("upload_index", name=op.f("uq_media_upload_index")),
    )
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.create_index("ix_media_case_id", ["case_id"], unique=False)
        batch_op.create_index("ix_media_conversation_id", ["conversation_id"], unique=False)
        batch_op.create_index("ix_media_slot", ["slot"], unique=False)
        batch_op.create_index(
            "ix_media_unnamed",
            ["channel", "created_at"],
            unique=False,
            sqlite_where=sa.text("conversation_id IS NULL AND case_id IS NULL"),
            postgresql_where=sa.text("conversation_id IS NULL AND case_id IS NULL"),
        )
