"""What every test can ask for: fresh databases of both kinds, and how the tests are run."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.e2e.processes import free_port
from tests.postgresql import PostgresServer, running_postgres
from tests.synapse import Synapse, running_synapse

settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=200, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of our own."""
    parser.addoption(
        "--write-transcripts",
        action="store_true",
        help="write tests/transcripts anew instead of comparing (make transcripts)",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that two workers end together."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)


@pytest.fixture(scope="session")
def write_transcripts(request: pytest.FixtureRequest) -> bool:
    """Whether transcripts are to be written anew rather than compared."""
    return bool(request.config.getoption("--write-transcripts"))


@pytest.fixture(autouse=True)
def _settings_of_no_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """No RELAIS_ setting of the person who runs the tests reaches a test."""
    for name in list(os.environ):
        if name.startswith("RELAIS_") and not name.startswith("RELAIS_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def synapse() -> Iterator[Synapse]:
    """One Matrix server for the whole run, started when the first test asks for it."""
    with running_synapse(free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run, started when the first test asks for it."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database, gone after the test."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'relais.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database, once of each kind: what passes must pass on both."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url
