"""Files that she sent: linked to an answer, taken back, or not taken at all."""

from backend.cases.work import Work
from conversation import effects as fx


async def attach(work: Work, effect: fx.Attach) -> None:
    """The file belongs to this answer from now on."""


async def detach(work: Work, effect: fx.Detach) -> None:
    """She took it back."""


async def drop_file(work: Work, effect: fx.DropFile) -> None:
    """It came where no file is taken."""
