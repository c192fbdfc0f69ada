"""Telegram, by its Bot API."""

from bots.telegram.adapter import TelegramAdapter

__all__ = ["TelegramAdapter"]
