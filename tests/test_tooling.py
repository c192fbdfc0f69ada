"""What installs and runs the project is pinned, and names no registry."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
NPM_LOCKS = [
    path
    for path in (ROOT / "console/package-lock.json", ROOT / "tests/node/package-lock.json")
    if path.exists()
]
TARGETS = (
    *("help", "setup", "run", "check", "test", "test-all", "transcripts", "locales"),
    *("migrate", "bench", "console", "clean"),
)


def pins(lock: Path) -> dict[str, str]:
    """Name -> version, as a lock file pins them."""
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", lock.read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_pin_by_hash(lock: Path) -> None:
    """Every package in a lock file has hashes, and no line holds an address."""
    text = lock.read_text()
    assert "://" not in text
    assert "index-url" not in text
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert [block.split("==")[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", NPM_LOCKS, ids=lambda path: path.parent.name)
def test_npm_locks_pin_by_hash(lock: Path) -> None:
    """Every npm package is pinned by its integrity hash, and no line holds a download address."""
    packages = json.loads(lock.read_text())["packages"]
    outside = {name: entry for name, entry in packages.items() if name and not entry.get("link")}
    assert [name for name, entry in outside.items() if "resolved" in entry] == []
    assert [name for name, entry in outside.items() if "integrity" not in entry] == []


def test_locks_agree() -> None:
    """What pyproject.toml pins is what is locked, and tests run on what is served."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, dev = (pins(ROOT / "requirements" / name) for name in ("run.lock", "dev.lock"))
    assert {name: dev.get(name) for name in run} == run
    for locked, wanted in (
        (run, pyproject["project"]["dependencies"]),
        (dev, pyproject["dependency-groups"]["dev"]),
    ):
        direct = dict(re.sub(r"\[.*?\]", "", line).split("==") for line in wanted)
        assert {name: locked.get(name) for name in direct} == direct


def test_make_help_lists_targets() -> None:
    """`make` alone lists every target that people are told of."""
    listed = subprocess.run(
        ["make", "-C", str(ROOT)], capture_output=True, text=True, check=True
    ).stdout
    assert [
        target for target in TARGETS if not re.search(rf"^{target} ", listed, re.MULTILINE)
    ] == []


def test_ci_runs_make_test() -> None:
    """CI runs what a person runs."""
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")][-1] == "exec make test"
