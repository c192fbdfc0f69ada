"""The import contracts of pyproject.toml hold, and each one bites."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
PACKAGES: list[str] = CONFIG["root_packages"]

# contract -> (module to plant, its wrong import, what is imported)
WRONG = {
    "parts": [
        ("backend.planted", "import bots"),
        ("backend.planted", "import launch"),
        ("bots.core.planted", "import backend"),
        ("conversation.planted", "import i18n"),
        ("sealing.planted", "import backend"),
    ],
    "bots-no-engine": [("bots.telegram.planted", "import conversation")],
    "adapters": [
        ("bots.telegram.planted", "import bots.page"),
        ("bots.page.planted", "import bots.telegram"),
        ("bots.core.planted", "import bots.telegram"),
        ("bots.elsewhere", "import json"),
    ],
    "vault": [
        ("backend.alerts.planted", "import backend.vault"),
        ("backend.console.planted", "from backend.vault import Vault"),
    ],
    "engine-pure": [
        ("conversation.planted", "import sqlalchemy"),
        ("conversation.planted", "import time"),
        ("conversation.planted", "import logging"),
    ],
    "leaves-quiet": [
        ("i18n.planted", "import httpx"),
        ("sealing.planted", "import socket"),
    ],
}


def lint(tree: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a tree, on all contracts or those named."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    chosen = [part for contract in contracts for part in ("--contract", contract)]
    return subprocess.run(
        [*command, *chosen], cwd=tree, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our packages in another place, to plant in."""
    tree = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", tree)
    ignore = shutil.ignore_patterns("__pycache__")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=ignore)
    return tree


def test_contracts_hold(copy: Path) -> None:
    """The tree as it is breaks no import contract."""
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("contract", "module", "line"),
    [(contract, *plant) for contract, plants in WRONG.items() for plant in plants],
)
def test_contracts_bite(copy: Path, contract: str, module: str, line: str) -> None:
    """One wrong import, planted, breaks the contract that forbids it and is named."""
    planted = copy.joinpath(*module.split(".")).with_suffix(".py")
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(f"{line}\n")
    try:
        done = lint(copy, contract)
    finally:
        planted.unlink()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout
    assert module in done.stdout or module.rsplit(".", 1)[1] in done.stdout


def test_every_contract_is_planted() -> None:
    """No contract stands in pyproject.toml without a wrong import that tries it."""
    assert {contract["id"] for contract in CONFIG["contracts"]} == set(WRONG)


def test_every_package_is_linted() -> None:
    """A new top-level package cannot stay outside the contracts or the distribution."""
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "tests"}
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert found == set(PACKAGES)
    assert found == set(pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])


def test_every_folder_is_a_package() -> None:
    """No folder of ours lacks its __init__.py: import-linter would not see what is in it."""
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
