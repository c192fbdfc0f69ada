"""Files go when they should: rows with their cause, bytes after the commit, whatever is killed."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from backend.cases.applying import apply
from backend.cases.changes import Changes
from backend.database.tables import conversations, file_garbage, media
from backend.errors import ConfigurationError
from backend.jobs.expiring import expire_conversations
from backend.media import FilesUnavailable, open_store, remove_files
from backend.media.removing import collect
from backend.media.sweeping import FilesWithoutRows, drop_unnamed, sweep_store
from backend.settings import Settings
from conversation import effects as fx
from tests.backend.fake_bucket import running_bucket
from tests.backend.filing_scene import MARK, Desk, open_desk, pieces


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A backend on either database."""
    async with open_desk(database_url, tmp_path) as opened:
        yield opened


async def gone(desk: Desk) -> None:
    """No row, no object, nothing left to do."""
    assert await desk.file_rows() == []
    await desk.jobs()
    assert desk.objects() == []
    assert (await desk.counts())["file_garbage"] == 0


@pytest.mark.parametrize("effect", [fx.Reduce(), fx.Forget(), fx.Erase()])
async def test_what_clears_the_draft_clears_its_files(desk: Desk, effect: fx.Effect) -> None:
    """Rest, forget, erase: files of the draft go with its words."""
    await desk.attaches(MARK)
    await desk.carries_out(effect)
    await gone(desk)


async def test_rest_leaves_what_is_the_cases(desk: Desk) -> None:
    """After submission the draft is cleared; what moved into the compartment stays."""
    await desk.attaches(MARK)
    await desk.carries_out(fx.OpenAccount((), keep=True), fx.Submit(2), fx.Reduce())
    (row,) = await desk.file_rows()
    assert row.case_id is not None
    await desk.jobs()
    assert len(desk.objects()) == 1


async def test_erasing_the_case_erases_its_files(desk: Desk) -> None:
    """Her wish: rows, keys and bytes."""
    await desk.attaches(MARK)
    await desk.opens_account()
    await desk.carries_out(fx.Erase())
    await gone(desk)


async def test_silence_after_drop_destroys_the_files_of_part_2(desk: Desk) -> None:
    """Those of other compartments stay."""
    case_id = await desk.opens_account()
    await desk.attaches(MARK)
    async with desk.relais.db.write() as tx:
        changes = Changes(case_id=case_id, drop_account=True)
        await apply(tx, desk.relais, await desk.conversation(), changes)
    await gone(desk)


async def test_a_conversation_that_expires_takes_its_files_along(desk: Desk) -> None:
    """Forgotten before the interview began: the row, its words, its files."""
    await desk.attaches(MARK)
    async with desk.relais.db.write() as tx:
        await tx.execute(
            update(conversations)
            .where(conversations.c.id == await desk.conversation())
            .values(state_sealed=None, state_key=None, expires_at=1)
        )
    await expire_conversations(desk.relais)
    assert await desk.rows(select(conversations.c.id)) == []
    await gone(desk)


async def test_nobody_names_it_for_a_day(desk: Desk) -> None:
    """An upload without a turn lives 24 hours, and not one that was named."""
    await desk.attaches(MARK)
    await desk.uploaded(MARK)
    desk.console.clock.forward(hours=23)
    await drop_unnamed(desk.relais)
    assert len(await desk.file_rows()) == 2
    desk.console.clock.forward(hours=1)
    await drop_unnamed(desk.relais)
    (row,) = await desk.file_rows()
    assert row.conversation_id is not None
    assert len(desk.objects()) == 1


async def test_killed_between_commit_and_removal(desk: Desk) -> None:
    """The names stand in the database with a job: the next process removes the bytes."""
    await desk.attaches(MARK)
    await desk.carries_out(fx.Forget())
    assert len(desk.objects()) == 1  # this is where the process dies
    assert (await desk.counts())["file_garbage"] == 1
    await gone(desk)


async def test_killed_between_removal_and_its_note(desk: Desk) -> None:
    """An object that is gone already is no error: the note goes too."""
    await desk.attaches(MARK)
    await desk.carries_out(fx.Forget())
    desk.objects()[0].unlink()
    await gone(desk)


async def test_a_store_that_is_away_loses_no_removal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job fails and is tried again; even given up, the hourly one finds the names."""
    await desk.attaches(MARK)
    await desk.carries_out(fx.Forget())
    delete_ = desk.relais.files.delete

    async def away(_: str) -> None:
        raise FilesUnavailable("gone")

    monkeypatch.setattr(desk.relais.files, "delete", away)
    await desk.jobs()
    assert (await desk.counts())["file_garbage"] == 1
    monkeypatch.setattr(desk.relais.files, "delete", delete_)
    await collect(desk.relais)
    await gone(desk)


async def test_a_transaction_that_fails_removes_nothing(desk: Desk) -> None:
    """Row and bytes stand together: rolled back, both are there."""
    await desk.attaches(MARK)
    with pytest.raises(RuntimeError):
        async with desk.relais.db.write() as tx:
            await remove_files(tx, desk.relais.world, media.c.id.is_not(None))
            raise RuntimeError
    await desk.jobs()
    assert len(await desk.file_rows()) == len(desk.objects()) == 1


def _age(desk: Desk, path: Path, hours: float) -> None:
    then = desk.console.clock.ms / 1000 - hours * 3600
    os.utime(path, (then, then))


async def test_an_object_without_a_row_goes_after_a_day(desk: Desk) -> None:
    """Killed between storing and writing the row: swept, but never one that is being written."""
    await desk.uploaded(MARK)
    kept = desk.objects()
    for name in ("aa/old", "bb/new", "cc/half#1", "cc/fresh#1"):
        path = desk.folder / "var" / "files" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"sealed")
        _age(desk, path, 25 if name in {"aa/old", "cc/half#1"} else 1)
    _age(desk, kept[0], 25)
    await sweep_store(desk.relais)
    left = {f"{one.parent.name}/{one.name}" for one in desk.objects()}
    assert left == {f"{kept[0].parent.name}/{kept[0].name}", "bb/new", "cc/fresh#1"}


async def test_the_wrong_database_sweeps_nothing(desk: Desk) -> None:
    """Most of the store unknown: that is a mistake of the operator's, and no reason to destroy."""
    for number in range(25):
        path = desk.folder / "var" / "files" / "aa" / str(number)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"sealed")
        _age(desk, path, 25)
    with pytest.raises(FilesWithoutRows):
        await sweep_store(desk.relais)
    assert len(desk.objects()) == 25


async def test_the_sweep_leaves_what_waits_for_removal(desk: Desk) -> None:
    """Its name stands in the database: the collection removes it, once."""
    async with desk.relais.db.write() as tx:
        await tx.execute(insert(file_garbage).values(path="aa/waits", since=1))
    path = desk.folder / "var" / "files" / "aa" / "waits"
    path.parent.mkdir()
    path.write_bytes(b"sealed")
    _age(desk, path, 25)
    await sweep_store(desk.relais)
    assert desk.objects() == [path]
    await collect(desk.relais)
    assert desk.objects() == []


async def test_every_job_of_files_runs(desk: Desk) -> None:
    """They are among the recurring ones, and do their work when the time comes."""
    await desk.uploaded(MARK)
    await desk.jobs()
    assert len(await desk.file_rows()) == 1
    desk.console.clock.forward(hours=25)
    await desk.jobs()
    await desk.jobs()
    await gone(desk)


@pytest.mark.parametrize("url", ["ftp://x/y", "http://x/y", "nonsense"])
def test_a_store_of_another_kind_is_refused(tmp_path: Path, url: str) -> None:
    """The operator is told which kinds there are."""
    with pytest.raises(ConfigurationError, match="RELAIS_FILES_URL"):
        open_store(Settings(data_dir=tmp_path, files_url=url, _env_file=None))


async def test_a_folder_by_url_is_a_folder(tmp_path: Path) -> None:
    """file:// names another disk; it is made for its owner alone."""
    url = f"file://{tmp_path}/other%20disk"
    store = open_store(Settings(data_dir=tmp_path, files_url=url, _env_file=None))
    await store.check()
    assert (tmp_path / "other disk").stat().st_mode & 0o777 == 0o700
    assert [one async for one in store.listed()] == []


async def test_a_bucket_does_what_a_folder_does(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """s3://…: kept in parts under a prefix, handed out, swept, removed; no byte in clear."""
    with running_bucket() as (variables, bucket):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        async with open_desk(sqlite_url, tmp_path, files_url="s3://bucket/pilot") as desk:
            store = desk.relais.files
            await store.check()
            await desk.uploaded(MARK * 400_000, key="e1")
            (kept,) = [path for path in bucket.objects if not path.endswith("check")]
            assert kept.startswith("/bucket/pilot/")
            assert MARK not in bucket.objects[kept]
            found = await store.open(kept.removeprefix("/bucket/pilot/"))
            assert found.size == sum([len(chunk) async for chunk in found.chunks])
            assert (await desk.upload(pieces(21_000_000))).status_code == 413
            assert bucket.parts == {}
            bucket.objects["/bucket/pilot/aa/old"] = b"sealed"
            desk.console.clock.forward(days=2)
            await sweep_store(desk.relais)
            assert "/bucket/pilot/aa/old" not in bucket.objects
            await drop_unnamed(desk.relais)
            assert set(bucket.objects) == {"/bucket/pilot/check"}
            with pytest.raises(FileNotFoundError):
                await store.open("aa/old")


async def test_a_bucket_that_is_away_does_not_stop_words(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is ready without it, and says what is wrong; files are told to come later."""
    with running_bucket() as (variables, _):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
    async with open_desk(sqlite_url, tmp_path, files_url="s3://bucket") as desk:
        answer = await desk.chat.client.get("/readyz")
        assert answer.status_code == 200
        assert "files_gone" in {one["code"] for one in answer.json()["problems"]}
        assert "language" in await desk.chat.says("hello")


async def test_a_folder_that_vanished_is_said(desk: Desk) -> None:
    """An unmounted disk is an error with a code, and not a new empty folder."""
    folder = desk.folder / "var" / "files"
    folder.rename(desk.folder / "elsewhere")
    folder.write_bytes(b"")
    with pytest.raises(FilesUnavailable):
        await desk.relais.files.check()
    assert (await desk.upload(MARK)).json()["code"] in {"files_gone", "files_full"}
    async with desk.relais.db.write() as tx:
        await tx.execute(delete(media))
