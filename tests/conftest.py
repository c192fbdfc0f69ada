"""What every test can ask for: fresh databases of both kinds, and how the tests are run."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from backend import migrations
from backend.database import open_database
from tests.e2e.processes import free_port
from tests.postgresql import PostgresServer, running_postgres
from tests.synapse import Synapse, running_synapse

settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=100, print_blob=True)
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


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with every table and no row, made by the migrations once a run."""
    path = tmp_path_factory.mktemp("migrated") / "relais.db"
    asyncio.run(_migrate(f"sqlite:///{path}", path))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> str:
    """The same: the name of one that others are copied from."""
    name = postgres_server.create_database()
    asyncio.run(_migrate(postgres_server.url(name), Path()))
    return name


async def _migrate(url: str, path: Path) -> None:
    database = open_database(url, path)
    await migrations.upgrade(database)
    await database.close()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, migrated_postgres: str) -> Iterator[str]:
    """A PostgreSQL database with every table and no row, gone after the test."""
    name = postgres_server.create_database(migrated_postgres)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """A SQLite database with every table and no row."""
    path = tmp_path / "relais.db"
    shutil.copyfile(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database without a row, once of each kind: what passes must pass on both."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The same without any table, for what makes them."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'relais.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)
