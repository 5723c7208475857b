"""The small mistakes that ``tools/mutants.py`` can put into a file: changes of one expression or statement."""

from __future__ import annotations

import ast
import copy
import difflib
from dataclasses import dataclass
from typing import Any

_OPPOSITES = [
    *((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn)),
    *((ast.And, ast.Or), (ast.Add, ast.Sub)),
]
SWAPS: dict[type[ast.AST], Any] = {one: other for pair in _OPPOSITES for one, other in (pair, pair[::-1])}


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
