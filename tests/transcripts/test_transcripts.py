"""Transcripts are the specification of conversations: what is typed and said, word for word.

`make transcripts` writes them anew; read the diff. The state is written as JSON and read back at
every turn.
"""

from pathlib import Path

import pytest

from launch.demo_town import NOBODY
from launch.transcripts import FOLDER, Case, read, run, written

HERE = Path(__file__).parent
MAIN = "conflict-sexual-violence"
PART_1 = "1 1 4 5 2 1 1 3 1 1|%s|1 3"
CASES = [
    Case(MAIN, "me-part-1", "en", "hello|1|" + PART_1 % "blue kite"),
    Case(MAIN, "me-part-1", "fr", "bonjour|2|" + PART_1 % "cerf bleu"),
    Case(MAIN, "info", "en", 'hello|1 1 4|"1 2"|2 3'),
    Case(MAIN, "danger", "en", "hello|1 3 2 1 1"),
    Case(MAIN, "child", "en", "hello|1 1 1 1 5 1 3 1 1 5 3"),
    Case(MAIN, "nobody-near", "en", "hello|1 1 1 4 5 1 1 1 3", NOBODY),
    Case(MAIN, "not-now", "en", "hello|1 2|hello"),
    Case(MAIN, "menu-and-exit", "en", "hello|1 0 1|status|back|x|hello"),
    Case(MAIN, "unclear", "en", "hello|1|what?|what?|what?|2"),
    Case(MAIN, "helping-without-agreement", "en", "hello|1 1 2 2 2"),
    Case(MAIN, "saw", "en", "hello|1 1 3 4 2 1 1|last friday|s|s|s|s|1|two lines|done|2 1 2|s|1"),
    Case(MAIN, "distress", "en", "hello|1 1 1|I want to die|3|4"),
    Case(
        "domestic-violence", "checked-and-strangled", "en", "hello|1 1 3 1 4 5|s|1 3 3 1 1 1 1 1 3"
    ),
    Case("migration-route", "guard-holds-the-phone", "en", "hello|1 1 3|hello"),
    Case("other-grave-crimes", "missing", "en", "hello|1 1 1 4 5|s|1 1 3 1 5 1 3"),
]


def test_transcripts_are_kept_here() -> None:
    """The command line looks for them where they are."""
    assert FOLDER == HERE
    assert {case.file for case in CASES} <= {path.name for path in HERE.glob("*.yaml")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_the_conversation_is_as_written(case: Case, write_transcripts: bool) -> None:
    """Nothing that is said changes without somebody reading the change."""
    path = HERE / case.file
    turns = run(case)
    if write_transcripts:
        path.write_text(written(turns), "utf-8")
    assert turns == read(path), "read the diff of `make transcripts`"
