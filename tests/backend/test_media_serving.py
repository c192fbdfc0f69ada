"""Files of a case are handed out sealed, to whom its items are, and it is written down."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update

from backend.database.tables import case_log, cases
from backend.demo.document import DemoMember, load_demo
from backend.demo.start import start_demo
from backend.media import FilesUnavailable
from conversation import effects as fx
from tests.backend.consoles import Browser
from tests.backend.filing_scene import MARK, Desk, age_opened, open_desk
from tests.backend.test_media_upload import jpeg


@dataclass
class Scene:
    """A sent account with one photo, its coordinator, and a responder who holds nothing."""

    desk: Desk
    case_id: str
    file: str
    raw: bytes
    cleo: Browser
    ada: Browser

    @property
    def path(self) -> str:
        """Of the file."""
        return f"/v1/cases/{self.case_id}/files/{self.file}"

    async def log(self) -> list[str]:
        """What was served."""
        query = select(case_log.c.detail).where(case_log.c.kind == "served")
        return sorted(row.detail for row in await self.desk.rows(query))


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """On either database."""
    async with open_desk(database_url, tmp_path) as desk:
        demo = load_demo()
        more = DemoMember("Cleo", ["coordinator"], "fr", organisation_id="lantern")
        desk.console.app.state.demo = await start_demo(
            desk.relais, msgspec.structs.replace(demo, members=(*demo.members, more))
        )
        ada, cleo = await desk.console.enrolled("Ada (demo)"), await desk.console.enrolled("Cleo")
        raw = jpeg()
        file = await desk.attaches(raw, kind="photo", mime="image/jpeg")
        case_id = await desk.opens_account()
        await desk.carries_out(fx.Submit(2))
        yield Scene(desk, case_id, file, raw, cleo, ada)


async def test_a_holder_gets_an_age_file(scene: Scene) -> None:
    """Header and body together open with the compartment's key, and only there."""
    answer = await scene.desk.sam.get(scene.path)
    assert answer.status_code == 200
    assert len(answer.content) == int(answer.headers["content-length"])
    assert MARK not in answer.content
    seed = await scene.desk.seed(scene.case_id)
    assert age_opened(answer.content, seed) == scene.raw
    clean = await scene.desk.sam.get(f"{scene.path}/preview")
    assert age_opened(clean.content, seed) not in {scene.raw, b""}
    assert await scene.log() == [f"evidence file {scene.file}", f"evidence preview {scene.file}"]


async def test_it_is_saved_and_never_shown(scene: Scene) -> None:
    """Whatever is inside, a browser neither renders, guesses nor keeps it."""
    for path, name in (
        (scene.path, scene.file),
        (f"{scene.path}/preview", f"{scene.file}-preview"),
    ):
        headers = (await scene.desk.sam.get(path)).headers
        assert headers["content-type"] == "application/octet-stream"
        assert headers["content-disposition"] == f'attachment; filename="{name}.age"'
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "sandbox" in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]


async def test_who_holds_no_key_gets_nothing(scene: Scene) -> None:
    """No session, no role, no grant: refused, and nothing is written as served."""
    async with scene.desk.console.client() as nobody:
        assert (await nobody.get(scene.path)).status_code == 401
    answer = await scene.ada.get(scene.path)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
    assert await scene.log() == []


async def test_not_before_she_sent_it(scene: Scene) -> None:
    """A coordinator holds the key from the beginning; it is served once the account was sent."""
    async with scene.desk.relais.db.write() as tx:
        await tx.execute(update(cases).values(account_served=False))
    answer = await scene.desk.sam.get(scene.path)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")


async def test_what_another_has_taken_needs_a_reason(scene: Scene) -> None:
    """As for the case itself."""
    async with scene.desk.relais.db.write() as tx:
        await tx.execute(update(cases).values(taker_id=scene.ada.member_id, status="taken"))
    answer = await scene.cleo.get(scene.path)
    assert (answer.status_code, answer.json()["code"]) == (403, "reason_needed")
    assert (await scene.cleo.get(scene.path, reason="hand-over")).status_code == 200


async def test_a_file_of_another_case_or_of_none(scene: Scene) -> None:
    """One answer for what is not there, not hers, or another case's: ids cannot be probed."""
    unknown = await scene.desk.sam.get(f"/v1/cases/{scene.case_id}/files/{'0' * 32}")
    elsewhere = await scene.desk.sam.get(f"/v1/cases/{'1' * 32}/files/{scene.file}")
    unnamed = await scene.desk.uploaded(MARK)
    draft = await scene.desk.sam.get(f"/v1/cases/{scene.case_id}/files/{unnamed}")
    assert {one.json()["code"] for one in (unknown, elsewhere, draft)} == {"not_yours"}
    assert await scene.log() == []


async def test_an_image_that_could_not_be_cleaned_has_no_preview(scene: Scene) -> None:
    """404, in words; the original is there."""
    desk = scene.desk
    file = await desk.uploaded(MARK, kind="photo", mime="image/jpeg")
    await desk.carries_out(fx.Attach("files", "evidence", file, "photo", 2))
    path = f"/v1/cases/{scene.case_id}/files/{file}"
    answer = await desk.sam.get(f"{path}/preview")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_preview")
    assert (await desk.sam.get(path)).status_code == 200


async def test_a_lost_object_is_said(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """404 when the store does not have it, 503 when it cannot be asked."""
    for path in scene.desk.objects():
        path.unlink()
    answer = await scene.desk.sam.get(scene.path)
    assert (answer.status_code, answer.json()["code"]) == (404, "file_missing")

    async def away(_: str) -> None:
        raise FilesUnavailable("gone")

    monkeypatch.setattr(scene.desk.relais.files, "open", away)
    answer = await scene.desk.sam.get(scene.path)
    assert (answer.status_code, answer.json()["code"]) == (503, "files_gone")


async def test_the_case_lists_the_file_as_an_item(scene: Scene) -> None:
    """Ciphertext like every other; its kind is all that is readable."""
    found = (await scene.desk.sam.get(f"/v1/cases/{scene.case_id}")).json()["items"]
    assert [one["kind"] for one in found] == ["file"]
    assert scene.file not in str(found)
