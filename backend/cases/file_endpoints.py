"""Files of a case: handed out sealed, to be opened in the browser of a holder."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path
from fastapi.responses import StreamingResponse

from backend.accounts.guard import CaseWorker, Here, same_site
from backend.cases.endpoints import CaseId, Reason
from backend.cases.serving import Served, serve_file
from backend.http import ERRORS

_SEALED: Final = "application/octet-stream"
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    **ERRORS,
    200: {
        "description": "an age file for the compartment's holders (mlkem768x25519)",
        "content": {_SEALED: {"schema": {"type": "string", "format": "binary"}}},
    },
}

router = APIRouter(
    prefix="/v1/cases/{case_id}/files/{file_id}",
    tags=["cases"],
    dependencies=[Depends(same_site)],
    responses=_RESPONSES,
    default_response_class=StreamingResponse,
)

FileId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@router.get("")
async def get_file(
    case_id: CaseId, file_id: FileId, member: CaseWorker, relais: Here, reason: Reason
) -> StreamingResponse:
    """The original, as it was sent; the server cannot open it. Every serving is written down."""
    served = await serve_file(relais, member, case_id, file_id, reason, preview=False)
    return _download(served)


@router.get("/preview")
async def get_preview(
    case_id: CaseId, file_id: FileId, member: CaseWorker, relais: Here, reason: Reason
) -> StreamingResponse:
    """The image without its metadata; 404 ``no_preview`` when there is none."""
    served = await serve_file(relais, member, case_id, file_id, reason, preview=True)
    return _download(served)


def _download(served: Served) -> StreamingResponse:
    headers = {
        "content-length": str(served.size),
        "content-disposition": f'attachment; filename="{served.name}"',
    }
    return StreamingResponse(served.chunks, media_type=_SEALED, headers=headers)
