"""The contract table of columns is complete, and true where the schema can tell."""

import re
from pathlib import Path

from sqlalchemy import LargeBinary

from backend.database import metadata

PAGE = Path(__file__).parents[2] / "docs" / "columns.md"
ROW = re.compile(r"^\| (\w+) \| (\w+) \| (sealed|keyed|open) \| (\S.*) \|$", re.MULTILINE)


def rows() -> dict[tuple[str, str], str]:
    """(table, column) -> protection."""
    return {(table, column): kind for table, column, kind, _ in ROW.findall(PAGE.read_text())}


def test_every_column_has_a_row_and_every_row_a_column() -> None:
    """A new column without a word on what protects it fails."""
    real = {(table.name, column.name) for table in metadata.sorted_tables for column in table.c}
    assert rows().keys() == real


def test_what_is_called_sealed_or_keyed_holds_bytes() -> None:
    """No column that claims protection has a type that could hold readable text."""
    for (table, column), kind in rows().items():
        if kind != "open":
            kept = metadata.tables[table].c[column].type
            assert isinstance(kept, LargeBinary), (table, column)
