"""Pages as their readers use them: their blocks, and a folder in which those run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests import typed_ssm
from tests.warm_homes import warm

TOP = Path(__file__).parents[2]


def read(name: str) -> str:
    """A page of the repository."""
    return (TOP / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The blocks of a language, in the page's order."""
    return re.findall(rf"^```(?:{language})\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


class Reader:
    """Somebody who types what a page says: ``ssm`` is this checkout's, jobs run on this machine, the home is new."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        warm(folder / "home")
        tools = typed_ssm.install(folder / "tools")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SSM_"))},
            "SSM_ENGINE": "local",
            "SSM_HOME": str(folder / "home"),
            "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        }

    def write(self, name: str, text: str) -> None:
        """A file of the page."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def write_named(self, text: str) -> None:
        """Every file of the page whose block begins with its name in a comment."""
        for block in blocks(text, "python"):
            if named := re.match(r"# ([\w/]+\.py)\n", block):
                self.write(named[1], block)

    def bash(self, block: str, environment: Mapping[str, str] | None = None) -> str:
        """What a block of commands printed; all of them have to succeed."""
        return self._run(["bash", "-euo", "pipefail", "-c", block], environment)

    def python(self, code: str, environment: Mapping[str, str] | None = None) -> str:
        """What a program printed; it has to succeed."""
        return self._run([sys.executable, "-c", code], environment)

    def _run(self, words: list[str], environment: Mapping[str, str] | None) -> str:
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
