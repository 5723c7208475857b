"""Put small mistakes into the source, one at a time, and show which of them no test notices: ``tox -e mutants``.

In: modules, a count and a seed. Out: a line for each mutant, and the diff of those that survived. Works in a copy of
the tree. A mutant costs one run of its room's tests (``mutant_rooms.json``) up to the first that fails, so some seconds
to some minutes. A test notices a mistake only if it passes without it.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from tools.mutant_finder import Finder, Mutant

TREE = Path(__file__).parents[1]
SOURCE = Path("src/simple_sagemaker")
# Each room's quick tests, and those that run only for a mutant which survives them; a file at the top is a room too.
ROOMS = json.loads(Path(__file__).with_name("mutant_rooms.json").read_text(encoding="utf-8"))
USUAL = ("tasks", "storage", "jobs", "aws", "options")  # people's data, money and safety


def find(name: str) -> list[Mutant]:
    """All mutants of the modules whose paths begin with this name; ValueError, with the rooms, where none does."""
    mutants, files = [], 0
    for path in sorted((TREE / SOURCE).rglob("*.py")):
        file = path.relative_to(TREE / SOURCE).as_posix()
        if file.startswith(name.rstrip("/")):
            files += 1
            text = path.read_text(encoding="utf-8")
            finder = Finder(file, text)
            finder.visit(ast.parse(text))
            mutants += finder.mutants
    if not files:
        raise ValueError(f"{SOURCE} has nothing that begins with {name!r}; its rooms are {', '.join(ROOMS)}")
    return mutants


def choose(names: Iterable[str], count: int, seed: int, *, per_room: bool) -> tuple[list[Mutant], int]:
    """A sample by a seed, of all these modules together or of each of them, and how many mutants there are."""
    found = [find(name) for name in names]
    every = list(dict.fromkeys(mutant for mutants in found for mutant in mutants))
    chance = random.Random(seed)
    parts = found if per_room else [every]
    return [one for part in parts for one in chance.sample(part, min(count, len(part)))], len(every)


def copy_tree(source: Path, target: Path) -> None:
    """Copy what tests read, hidden folders such as ``.ci`` too, but not what tools leave behind."""
    left_behind = shutil.ignore_patterns(
        *(".git", ".tox", ".venv", ".*_cache", ".coverage*", ".hypothesis"),
        *("__pycache__", "htmlcov", "build", "dist"),
    )
    shutil.copytree(source, target, ignore=left_behind)


class Trial:
    """The copy of the tree, in which mutants are tried one at a time."""

    def __init__(self, tree: Path, limit_s: float, *, quick: bool) -> None:
        self._tree = tree
        self._limit_s = limit_s
        self._quick = quick
        self._sound: set[str] = set()  # tests that pass without a mistake
        self._broken: list[str] = []  # those that do not, here

    def judge(self, mutant: Mutant) -> tuple[str, str]:
        """Try one mutant: "killed", "hung" or "survived", and the test that failed."""
        path, tests = self._tree / SOURCE / mutant.file, ROOMS[mutant.room]
        name = f"test_{path.stem}.py"
        own = [f"tests/unit/{Path(mutant.file).parent}/{name}", f"tests/{mutant.room}/{name}", f"tests/cli/{name}"]
        own.append("tests/rules/test_option_names.py")  # what messages are given is checked in every room's source
        for paths in (own, tests["quick"], [] if self._quick else tests["slow"]):
            present = [test for test in paths if (self._tree / test).exists()]
            while present:
                path.write_text(mutant.text, encoding="utf-8")
                try:
                    outcome, failed = self._run(present)
                finally:
                    path.write_text(mutant.original, encoding="utf-8")
                if outcome == "hung" or (outcome == "killed" and self._passes_without(failed, present)):
                    return outcome, failed
                if outcome == "survived":
                    break
        return "survived", ""

    def _passes_without(self, test: str, tests: list[str]) -> bool:
        """Whether this test passes in the copy as it is; one that does not is left out from now on.

        Without a name pytest could not begin: with a mistake that is a failure, without one there is nothing to try.
        """
        if not test and self._run([*tests, "--collect-only"])[0] != "survived":
            raise SystemExit(f"pytest cannot collect {' '.join(tests)} without a mistake either")
        if test and test not in self._sound:
            if self._run([test])[0] != "survived":
                print(f"         {test} fails without a mistake too and is left out", flush=True)
                self._broken.append(test)
                return False
            self._sound.add(test)
        return True

    def _run(self, tests: list[str]) -> tuple[str, str]:
        """Run tests up to the first that fails, which is the second value."""
        left_out = [f"--deselect={test}" for test in self._broken]
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-n0",
            "--color=no",
            "-pno:cacheprovider",
            *left_out,
            *tests,
        ]
        environment = {**os.environ, "PYTHONPATH": str(self._tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output,  # jobs left over hold no pipe
            subprocess.Popen(
                command, cwd=self._tree, env=environment, stdout=output, stderr=output, start_new_session=True
            ) as process,
        ):
            try:
                if process.wait(self._limit_s) in {0, 5}:  # passed, or none is left to run
                    return "survived", ""
            except subprocess.TimeoutExpired:
                return "hung", ""
            finally:
                if process.poll() is None and sys.platform != "win32":
                    os.killpg(process.pid, signal.SIGKILL)
            output.seek(0)
            failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", output.read(), flags=re.MULTILINE)
            return "killed", failed[-1] if failed else ""


def main() -> None:
    """Try a sample of mutants and show what became of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "", allow_abbrev=False)
    parser.add_argument("modules", nargs="*", default=USUAL, help="as tasks, tasks/lock.py, all (default: %(default)s)")
    parser.add_argument("--count", type=int, default=60, help="how many mutants (default: %(default)s)")
    parser.add_argument("--per_room", action="store_true", help="so many of each room or module named, not of all")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: %(default)s)")
    parser.add_argument("--limit_s", type=float, default=600, help="of one run of tests (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no further mutant after so many")
    parser.add_argument("--quick", action="store_true", help="leave out the slower tests of a room")
    parser.add_argument("--list", action="store_true", help="show the mutants and run nothing")
    options = parser.parse_args()
    names = ROOMS if options.modules == ["all"] else options.modules
    try:
        sample, there_are = choose(names, options.count, options.seed, per_room=options.per_room)
    except ValueError as error:
        parser.error(str(error))
    began, outcomes = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        copy_tree(TREE, tree)
        trial = Trial(tree, options.limit_s, quick=options.quick)
        for mutant in sample:
            if time.monotonic() - began > options.minutes * 60:
                break
            outcome, failed = ("listed", "") if options.list else trial.judge(mutant)
            outcomes.append(outcome)
            print(
                f"{outcome:8} {mutant.file}:{mutant.line} {mutant.what}", *([f"by {failed}"] * bool(failed)), flush=True
            )
            if outcome in {"survived", "listed"}:
                print(mutant.diff(), flush=True)
    if not options.list:
        killed = sum(outcome in {"killed", "hung"} for outcome in outcomes)
        share = killed / max(1, len(outcomes))
        print(f"{killed} of {len(outcomes)} mutants killed ({share:.0%}); {there_are:,} there are, seed {options.seed}")


if __name__ == "__main__":
    main()
