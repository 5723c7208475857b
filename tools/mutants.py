"""Put small mistakes into the source, one at a time, and show which of them no test notices: ``tox -e mutants``.

In: modules, a count and a seed. Out: a line for each mutant, and the diff of those that survived. Works in a copy of
the tree. A mutant costs one run of its room's tests up to the first that fails, so some seconds to some minutes.
"""

from __future__ import annotations

import argparse
import ast
import copy
import difflib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TREE = Path(__file__).parents[1]
SOURCE = Path("src/simple_sagemaker")
# The tests of each room: the quick ones, and those that run only for a mutant which survives them.
ROOMS = {
    "tasks": (["tests/unit/tasks", "tests/golden"], ["tests/cli", "tests/project"]),
    "storage": (["tests/unit/storage"], ["tests/storage"]),
    "jobs": (["tests/unit/jobs"], ["tests/cli"]),
    "aws": (["tests/aws"], ["tests/emulator"]),
    "options": (["tests/unit/options", "tests/unit/cli", "tests/unit/project", "tests/rules"], ["tests/cli"]),
    "core": (["tests/unit/core", "tests/unit/tasks", "tests/unit/jobs"], ["tests/golden", "tests/aws", "tests/cli"]),
    "images": (["tests/unit/images"], ["tests/aws"]),
    "payload": (["tests/unit/payload"], ["tests/payload"]),
    "local": (["tests/unit/local"], ["tests/local"]),
    "emulator": (["tests/emulator"], []),
}
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


def find(names: list[str]) -> Iterator[Mutant]:
    """All mutants of the modules whose paths begin with one of these names."""
    for path in sorted((TREE / SOURCE).rglob("*.py")):
        file = path.relative_to(TREE / SOURCE).as_posix()
        if file.startswith(tuple(names)) and file.split("/", 1)[0] in ROOMS:
            text = path.read_text(encoding="utf-8")
            finder = Finder(file, text)
            finder.visit(ast.parse(text))
            yield from finder.mutants


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
    path = tree / SOURCE / mutant.file
    module = Path(mutant.file)
    first, second = ROOMS[mutant.room]
    own = [f"tests/unit/{module.parent}/test_{module.stem}.py", f"tests/{mutant.room}/test_{module.stem}.py"]
    path.write_text(mutant.text, encoding="utf-8")
    try:
        for tests in (own, first, [] if quick else second):
            if any((tree / test).exists() for test in tests):
                outcome = run_tests(tree, tests, limit_s)
                if outcome != "survived":
                    return outcome
        return "survived"
    finally:
        path.write_text(mutant.original, encoding="utf-8")


def main() -> None:
    """Try a sample of mutants and show what became of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "", allow_abbrev=False)
    parser.add_argument(
        "modules", nargs="*", default=list(USUAL), help="as tasks, tasks/lock.py (default: %(default)s)"
    )
    parser.add_argument("--count", type=int, default=60, help="how many mutants (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: %(default)s)")
    parser.add_argument("--limit_s", type=float, default=600, help="of one run of tests (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no further mutant after so many")
    parser.add_argument("--quick", action="store_true", help="leave out the slower tests of a room")
    parser.add_argument("--list", action="store_true", help="show the mutants and run nothing")
    options = parser.parse_args()
    every = list(find(options.modules))
    sample = random.Random(options.seed).sample(every, min(options.count, len(every)))
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
        share = killed / len(outcomes) if outcomes else 0
        print(
            f"{killed} of {len(outcomes)} mutants killed ({share:.0%}); {len(every):,} there are, seed {options.seed}"
        )


if __name__ == "__main__":
    main()
