"""The chat page: the local channel, in a browser."""

from bots.page.bot import PageBot, build

__all__ = ["PageBot", "build"]
