"""Makes a failing program small: statements and expressions are taken away as long as it fails on the same target.

A candidate counts when it can be evaluated over NumPy and the target still disagrees, or fails with the same words;
each runs in a process of its own, so that crashes and hangs can be made small as well.
"""

from __future__ import annotations

import ast
import multiprocessing
import os
import time
import warnings
from collections.abc import Iterator

import compare
from program import Program


def _run(pipe: object, program: Program, targets: list, source: str) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    pipe.send(compare.check(program, targets, source))


def failure(program: Program, targets: list, source: str, here: bool = False, limit: float = 30) -> tuple | None:
    """(target, kind of failure) of the first target that fails."""
    if here:
        wrong = compare.check(program, targets, source)
        return _kind(wrong) if wrong else None
    pipe, other = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_run, args=(other, program, targets, source), daemon=True)
    process.start()
    other.close()
    try:
        wrong = pipe.recv() if pipe.poll(limit) else [("process", "a hang")]
    except EOFError:
        wrong = [("process", "a crash")]
    process.kill()
    process.join()
    return _kind(wrong) if wrong else None


def _kind(wrong: list) -> tuple:
    target, text = wrong[0]
    is_value = "and NumPy has" in text
    return target, "a wrong value" if is_value else text.strip().splitlines()[-1].lstrip("% 0123456789")[:30]


def _bodies(tree: ast.AST) -> Iterator[list]:
    for node in ast.walk(tree):
        for name in ("body", "orelse"):
            body = getattr(node, name, None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                yield body


def _without_statements(source: str, size: int) -> Iterator[str]:
    count = sum(1 for _ in _bodies(ast.parse(source)))
    for k in range(count - 1, -1, -1):
        n = len(list(_bodies(ast.parse(source)))[k])
        for at in range(max(n - size, 0), -1, -size):
            tree = ast.parse(source)
            body = list(_bodies(tree))[k]
            if isinstance(body[at], (ast.Import, ast.ImportFrom)) or len(body) <= at:
                continue
            if isinstance(body[at], ast.FunctionDef) and body[at].name == "kernel":
                continue
            del body[at : at + size]
            if not body:
                body.append(ast.Pass())
            yield ast.unparse(ast.fix_missing_locations(tree))


def _without_nesting(source: str) -> Iterator[str]:
    """A compound statement's body, or its other branch, in its place."""
    places = [(k, at) for k, body in enumerate(_bodies(ast.parse(source))) for at in range(len(body))]
    for k, at in places:
        for name in ("body", "orelse"):
            tree = ast.parse(source)
            body = list(_bodies(tree))[k]
            inner = getattr(body[at], name, None)
            if isinstance(body[at], (ast.If, ast.For, ast.While)) and inner:
                body[at : at + 1] = inner
                yield ast.unparse(ast.fix_missing_locations(tree))


class _Replace(ast.NodeTransformer):
    def __init__(self, at: int, part: int) -> None:
        self.at, self.part, self.seen, self.did = at, part, -1, False

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.Call, ast.BinOp, ast.Compare, ast.UnaryOp)):
            self.seen += 1
            if self.seen == self.at:
                parts = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)]
                parts += [n.value for n in parts if isinstance(n, ast.Attribute)]
                if self.part < len(parts):
                    self.did = True
                    return parts[self.part]
                return node
        return self.generic_visit(node)


def _without_operations(source: str) -> Iterator[str]:
    """An operand in place of an operation."""
    total = sum(isinstance(n, (ast.Call, ast.BinOp, ast.Compare, ast.UnaryOp)) for n in ast.walk(ast.parse(source)))
    for at in range(total):
        for part in range(5):
            change = _Replace(at, part)
            tree = change.visit(ast.parse(source))
            if not change.did:
                break
            yield ast.unparse(ast.fix_missing_locations(tree))


def smaller(program: Program, targets: list, source: str, wanted: tuple, seconds: float = 60) -> str:
    """The smallest source that this finds with the same failure."""
    targets = [wanted[0]] if wanted[0] not in ("process", "numpy") else targets
    here = wanted[0] not in ("process", "numpy")
    changed, until = True, time.monotonic() + seconds
    while changed:
        changed = False
        for make in (
            lambda s: _without_statements(s, 8), lambda s: _without_statements(s, 1), _without_nesting,
            _without_operations,
        ):  # fmt: skip
            again = True
            while again:
                again = False
                for candidate in make(source):
                    if time.monotonic() > until:
                        return source
                    if len(candidate) < len(source) and failure(program, targets, candidate, here) == wanted:
                        source, changed, again = candidate, True, True
                        break
    return source


def minimize(program: Program, targets: list) -> int:
    """Print the small form of a program, its arguments and what is wrong with it."""
    warnings.simplefilter("ignore")  # of candidates that are nonsense
    wanted = failure(program, targets, program.source)
    if wanted is None:
        print(f"program {program.seed} is right on {', '.join(targets)}")
        return 1
    print(f"{wanted[0]}: {wanted[1]}", flush=True)
    source = smaller(program, targets, ast.unparse(ast.parse(program.source)), wanted)
    used = [a for a in program.arguments if source.count(a[0]) > 1]
    print(source, *used, program.scalars, program.grid, program.options, sep="\n")
    return 0
