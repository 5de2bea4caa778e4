"""Who makes what, read off the source: which functions use a class as a value, and through whom."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MODULE = "<module>"

Place = tuple[str, str]
"""A module and a name at its top: `("domain.closing", "CloseDossier")`."""


class Uses(ast.NodeVisitor):
    """The names used as values in a module, by the function or class at its top.

    What only tells classes apart is left out: patterns, annotations, `isinstance` and unions.
    """

    def __init__(self, module: str) -> None:
        self.module = module
        self.known: dict[str, Place] = {}
        self.found: dict[str, set[Place]] = {MODULE: set()}
        self.top = MODULE

    def visit_Module(self, node: ast.Module) -> None:
        for one in node.body:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self.known[one.name] = (self.module, one.name)
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for one in node.names:
            self.known[one.asname or one.name] = (node.module or "", one.name)

    def visit_Import(self, node: ast.Import) -> None:
        for one in node.names:
            self.known[one.asname or one.name] = (one.name, MODULE)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        outer = self.top
        if outer == MODULE:
            self.top = node.name
            self.found.setdefault(node.name, set())
        for one in (*node.decorator_list, *node.body):
            self.visit(one)
        if isinstance(node, ast.ClassDef):
            for one in (*node.bases, *node.keywords):
                self.visit(one)
        self.top = outer

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._definition(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._definition(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        for one in (*node.patterns, *node.kwd_patterns):
            self.visit(one)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if not isinstance(node.op, ast.BitOr):
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        telling = isinstance(node.func, ast.Name) and node.func.id == "isinstance"
        for one in node.args[:1] if telling else (node.func, *node.args, *node.keywords):
            self.visit(one)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and node.id in self.known:
            self.found[self.top].add(self.known[node.id])

    def visit_Attribute(self, node: ast.Attribute) -> None:
        named = isinstance(node.value, ast.Name | ast.Attribute)
        place = self.known.get(ast.unparse(node.value)) if named else None
        if place is not None:
            module, name = place
            whole = module if name == MODULE else f"{module}.{name}"
            self.found[self.top].add((whole, node.attr))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        # A fact asked for by its name in the log.
        if isinstance(node.value, str) and (named := re.fullmatch(r"(\w+):\d+", node.value)):
            self.found[self.top].add(("domain.dossier_events", named[1]))


def uses(source: str, module: str) -> dict[Place, set[Place]]:
    """What each function and class at the top of `source` uses."""
    visitor = Uses(module)
    visitor.visit(ast.parse(source))
    return {(module, top): found for top, found in visitor.found.items()}


def uses_under(folders: Iterable[str]) -> dict[Place, set[Place]]:
    """The same of all files under `folders`, and of files named themselves."""
    found: dict[Place, set[Place]] = {}
    for folder in folders:
        path = ROOT / folder
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        assert files, folder
        for file in files:
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            found |= uses(file.read_text("utf-8"), module)
    return found


def users(graph: dict[Place, set[Place]], *wanted: Place) -> set[Place]:
    """Who uses one of `wanted` itself."""
    return {place for place, found in graph.items() if found & set(wanted)}


def reaching(graph: dict[Place, set[Place]], *wanted: Place) -> set[Place]:
    """Who uses one of `wanted`, itself or through others."""
    found: set[Place] = set(wanted)
    while more := users(graph, *found) - found:
        found |= more
    return found - set(wanted)
