"""Is it alive, and can it do its work? Codes and counts only."""

import shutil
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import func, select

from backend.database import DatabaseUnavailable
from backend.database.tables import deliveries, jobs, quarantine
from backend.errors import ConfigurationError
from backend.media import FilesUnavailable
from backend.relais import Relais

LOW_DISK: Final = 200 << 20
"""Bytes; below this an operator is told, while there is still time."""

router = APIRouter(tags=["operation"])


@router.get("/healthz", summary="The process answers")
async def healthz(request: Request) -> dict[str, Any]:
    """200 as long as the process can answer at all; ``state`` says whether work is possible."""
    problems = await _problems(request)
    return {"status": "ok" if not problems else "degraded", "problems": problems}


@router.get(
    "/readyz",
    summary="Messages can be taken",
    responses={503: {"description": "They cannot; ``problems`` says why and what to do"}},
)
async def readyz(request: Request) -> JSONResponse:
    """200 when a message can be stored now; 503 with codes when not."""
    problems = await _problems(request)
    blocking = [one for one in problems if one["blocking"]]
    return JSONResponse(
        {"status": "ready" if not blocking else "not_ready", "problems": problems},
        503 if blocking else 200,
    )


async def _problems(request: Request) -> list[dict[str, Any]]:
    """Of the backend, and of what else runs in this process (``app.state.reporters``)."""
    found = await _of_the_backend(request.app.state.relais)
    for report in request.app.state.reporters:
        found += [
            {"code": code, "blocking": False, "advice": advice} for code, advice in report().items()
        ]
    return found


async def _of_the_backend(relais: Relais) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    try:
        await relais.db.check()
        counts = await _counts(relais)
    except DatabaseUnavailable as error:
        return [
            {
                "code": f"database_{error.code}",
                "blocking": True,
                "advice": "Bots keep what they receive until this is mended.",
            }
        ]
    try:
        relais.vault.drafts.seal(relais.world.day(), b"", "health")
        relais.vault.inbox.current(relais.world.day())
    except (OSError, ConfigurationError):
        found.append(
            {
                "code": "draft_keys_unavailable",
                "blocking": True,
                "advice": "RELAIS_DRAFT_KEY_DIR cannot be read or written; mount it.",
            }
        )
    found += await _of_the_files(relais)
    disk = shutil.disk_usage(relais.settings.data_dir)
    if disk.free < LOW_DISK:
        found.append(
            {
                "code": "disk_low",
                "blocking": False,
                "count": disk.free >> 20,
                "advice": "So many MB are free where RELAIS_DATA_DIR is; free or add some.",
            }
        )
    advice = {
        "quarantined": "Events that could not be taken are kept sealed; report a bug.",
        "jobs_failed": "See the failed jobs: alerts or deadlines may be affected.",
        "undelivered": "Messages wait for over 10 minutes; is the channel's bot running?",
    }
    found += [
        {"code": code, "blocking": False, "count": count, "advice": advice[code]}
        for code, count in counts.items()
        if count
    ]
    return found


async def _of_the_files(relais: Relais) -> list[dict[str, Any]]:
    """A bucket that is away stops files alone: words are still taken, so the server is ready."""
    try:
        await relais.files.check()
    except FilesUnavailable as error:
        return [
            {
                "code": f"files_{error.code}",
                "blocking": relais.files.folder is not None,
                "advice": "No file can be stored. See RELAIS_FILES_URL, or the folder files.",
            }
        ]
    return []


async def _counts(relais: Relais) -> dict[str, int]:
    late = relais.world.now() - 600_000
    questions = {
        "quarantined": select(func.count()).select_from(quarantine),
        "jobs_failed": select(func.count()).select_from(jobs).where(jobs.c.status == "failed"),
        "undelivered": select(func.count())
        .select_from(deliveries)
        .where(deliveries.c.status == "pending", deliveries.c.not_before < late),
    }
    async with relais.db.read() as connection:
        return {
            code: (await connection.execute(question)).scalar_one()
            for code, question in questions.items()
        }
