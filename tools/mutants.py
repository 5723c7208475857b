"""Put small mistakes into the source, one at a time, and show which of them no test notices: ``tox -e mutants``.

In: modules, a count and a seed. Out: a line for each mutant, and the diff of those that survived. Works in a copy of
the tree. A mutant costs one run of its room's tests (``mutant_rooms.json``) up to the first that fails, so some seconds
to some minutes.
"""

from __future__ import annotations

import argparse
import ast
import copy
import difflib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TREE = Path(__file__).parents[1]
SOURCE = Path("src/simple_sagemaker")
# Each room's quick tests, and those that run only for a mutant which survives them; a file at the top is a room too.
ROOMS = json.loads(Path(__file__).with_name("mutant_rooms.json").read_text(encoding="utf-8"))
USUAL = ("tasks", "storage", "jobs", "aws", "options")  # people's data, money and safety
_OPPOSITES = [
    *((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn)),
    *((ast.And, ast.Or), (ast.Add, ast.Sub)),
]
SWAPS: dict[type[ast.AST], Any] = {one: other for pair in _OPPOSITES for one, other in (pair, pair[::-1])}
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "htmlcov", "build", "dist")


@dataclass(frozen=True)
class Mutant:
    """One mistake: what it is, and the text of the file with and without it."""

    file: str
    line: int
    what: str
    text: str
    original: str

    @property
    def room(self) -> str:
        return self.file.split("/", 1)[0]

    def diff(self) -> str:
        """The mistake as a diff without context."""
        lines = difflib.unified_diff(self.original.splitlines(), self.text.splitlines(), lineterm="", n=0)
        return "\n".join(f"    {line}" for line in lines if not line.startswith(("---", "+++", "@@")))


class Finder(ast.NodeVisitor):
    """Collects the mutants of one file. Annotations, decorators, docstrings and types-only imports are left alone."""

    def __init__(self, file: str, text: str) -> None:
        self.mutants: list[Mutant] = []
        self._file = file
        self._text = text
        self._lines = text.encode().splitlines(keepends=True)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        self._visit_all(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all(node.body)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Texts are left alone: their positions are not exact before Python 3.12."""

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self._negate(node.test)
            self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for index, operator in enumerate(node.ops):
            if type(operator) in SWAPS:
                changed = copy.deepcopy(node)
                changed.ops[index] = SWAPS[type(operator)]()
                self._replace(node, changed, "comparison")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        changed = copy.deepcopy(node)
        changed.op = SWAPS[type(node.op)]()
        self._replace(node, changed, "and/or")
        for index in range(len(node.values)):
            rest = copy.deepcopy(node)
            del rest.values[index]
            self._replace(node, rest if len(rest.values) > 1 else rest.values[0], "condition dropped")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._replace(node, node.operand, "not removed")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if type(node.op) in SWAPS:
            changed = copy.deepcopy(node)
            changed.op = SWAPS[type(node.op)]()
            self._replace(node, changed, "plus/minus")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._replace(node, ast.Constant(not node.value), "constant")
        elif isinstance(node.value, int):
            for change in (1, -1):
                self._replace(node, ast.Constant(node.value + change), "constant")

    def visit_Call(self, node: ast.Call) -> None:
        if len(node.args) >= 2 and not any(isinstance(argument, ast.Starred) for argument in node.args[:2]):
            changed = copy.deepcopy(node)
            changed.args[:2] = reversed(changed.args[:2])
            self._replace(node, changed, "arguments swapped")
        for index in range(len(node.keywords)):
            changed = copy.deepcopy(node)
            del changed.keywords[index]
            self._replace(node, changed, "argument dropped")
        self.generic_visit(node)

    def visit_List(self, node: ast.List) -> None:
        for index in range(len(node.elts) if len(node.elts) > 1 and isinstance(node.ctx, ast.Load) else 0):
            changed = copy.deepcopy(node)
            del changed.elts[index]
            self._replace(node, changed, "element dropped")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node.value, ast.Call):
            self._replace(node, ast.Pass(), "statement removed")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._replace(node, ast.Pass(), "statement removed")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.targets[0], ast.Attribute | ast.Subscript):
            self._replace(node, ast.Pass(), "statement removed")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._replace(node, ast.Pass(), "raise removed")

    def visit_Try(self, node: ast.Try) -> None:
        for handler in node.handlers:
            if not isinstance(handler.body[0], ast.Raise):
                self._replace_body(handler.body, "raise", "except removed")
        if node.finalbody:
            self._replace_body(node.finalbody, "pass", "finally removed")
        self.generic_visit(node)

    def _visit_all(self, nodes: list[ast.stmt]) -> None:
        for node in nodes:
            self.visit(node)

    def _negate(self, test: ast.expr) -> None:
        if not isinstance(test, ast.UnaryOp | ast.Compare):  # these have a mutant of their own that does the same
            self._replace(test, ast.UnaryOp(ast.Not(), test), "condition negated")

    def _replace(self, node: ast.expr | ast.stmt, by: ast.AST, what: str) -> None:
        text = ast.unparse(by)
        self._put(node, node, f"({text})" if isinstance(by, ast.expr) else text, what)

    def _replace_body(self, body: list[ast.stmt], by: str, what: str) -> None:
        self._put(body[0], body[-1], by, what)

    def _put(self, first: ast.expr | ast.stmt, last: ast.expr | ast.stmt, by: str, what: str) -> None:
        end_line, end = last.end_lineno or last.lineno, last.end_col_offset or 0
        before = b"".join(self._lines[: first.lineno - 1]) + self._lines[first.lineno - 1][: first.col_offset]
        after = self._lines[end_line - 1][end:] + b"".join(self._lines[end_line:])
        text = (before + by.encode() + after).decode()
        self.mutants.append(Mutant(self._file, first.lineno, what, text, self._text))


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


def run_tests(tree: Path, tests: list[str], limit_s: float) -> str:
    """Run tests up to the first that fails; return "killed", "hung" or "survived"."""
    present = [test for test in tests if (tree / test).exists()]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *present]
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, cwd=tree, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            return "survived" if process.wait(limit_s) == 0 else "killed"
        except subprocess.TimeoutExpired:
            return "hung"
        finally:
            if process.poll() is None and sys.platform != "win32":
                os.killpg(process.pid, signal.SIGKILL)


def try_out(tree: Path, mutant: Mutant, limit_s: float, *, quick: bool) -> str:
    """Put one mutant into the copy of the tree, run its room's tests, and take it out again."""
    path, tests = tree / SOURCE / mutant.file, ROOMS[mutant.room]
    name = f"test_{path.stem}.py"
    own = [f"tests/unit/{Path(mutant.file).parent}/{name}", f"tests/{mutant.room}/{name}", f"tests/cli/{name}"]
    own.append("tests/rules/test_option_names.py")  # what messages are given is checked in every room's source
    path.write_text(mutant.text, encoding="utf-8")
    try:
        for paths in (own, tests["quick"], [] if quick else tests["slow"]):
            if any((tree / path).exists() for path in paths):
                outcome = run_tests(tree, paths, limit_s)
                if outcome != "survived":
                    return outcome
        return "survived"
    finally:
        path.write_text(mutant.original, encoding="utf-8")


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
        shutil.copytree(TREE, tree, ignore=NOT_COPIED)
        for mutant in sample:
            if time.monotonic() - began > options.minutes * 60:
                break
            outcome = "listed" if options.list else try_out(tree, mutant, options.limit_s, quick=options.quick)
            outcomes.append(outcome)
            print(f"{outcome:8} {mutant.file}:{mutant.line} {mutant.what}", flush=True)
            if outcome in {"survived", "listed"}:
                print(mutant.diff(), flush=True)
    if not options.list:
        killed = sum(outcome in {"killed", "hung"} for outcome in outcomes)
        share = killed / max(1, len(outcomes))
        print(f"{killed} of {len(outcomes)} mutants killed ({share:.0%}); {there_are:,} there are, seed {options.seed}")


if __name__ == "__main__":
    main()
