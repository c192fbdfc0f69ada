"""`make bench`: every figure in one run, against its peer where one can run here."""

import sys

from bench import channels, console, files, turns, yardstick
from bench.alerts import measure as measure_alert
from bench.engine import engine_answers_per_s, peer_answers_per_s
from bench.results import RESULTS, Row, write
from tests.postgresql import running_postgres


def main() -> None:
    """Measure, print, write bench/results.json."""
    rows = [
        yardstick.measure(),
        Row(
            "engine_answers_per_s",
            engine_answers_per_s(5),
            "answers/s",
            "python-telegram-bot ConversationHandler, same twelve questions",
            peer_answers_per_s(5),
        ),
    ]
    rows += files.measure()
    rows += turns.measure("sqlite")
    rows.append(turns.measure_growth())
    with running_postgres(durable=True) as server:
        rows += turns.measure("postgresql", server.url(server.create_database()))
    rows.append(measure_alert())
    rows += console.measure()
    rows += channels.measure()
    for row in rows:
        print(f"{row.name:40} {row.value:12.2f} {row.unit}", file=sys.stdout)
    write(rows)
    print(f"written: {RESULTS.name}")


if __name__ == "__main__":
    main()
