"""The Matrix bot: end-to-end encrypted rooms of two, through matrix-nio and its mends."""

from bots.matrix.adapter import MatrixAdapter

__all__ = ["MatrixAdapter"]
