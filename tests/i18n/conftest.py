"""The sample catalogue as a fixture."""

from pathlib import Path

import pytest

from i18n import Catalogues
from tests.i18n import samples


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Catalogues:
    """English, French (partial) and the pseudo right-to-left `xr`."""
    folder: Path = tmp_path_factory.mktemp("i18n")
    return samples.catalogues(folder)
