"""The peer: python-telegram-bot as its documentation runs it, keeping nothing on any disk.

    python -m bench.echo_telegram API_URL TOKEN COUNT

Prints a line once it has handled COUNT updates.
"""

import sys

from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters


def main() -> None:
    """Poll until COUNT."""
    url, token, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seen: list[str] = []

    async def take(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        seen.append(update.message.text or "" if update.message else "")
        if len(seen) == count:
            print("done", flush=True)

    application = Application.builder().token(token).base_url(f"{url}/bot").build()
    application.add_handler(MessageHandler(filters.ALL, take))
    application.run_polling()


if __name__ == "__main__":
    main()
