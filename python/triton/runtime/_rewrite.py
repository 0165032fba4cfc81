"""A kernel's function rewritten for Python: its source with calls of helpers where the language differs from
Python. Names, lines and files stay what they are, so that a debugger shows the kernel's own text.
"""

from __future__ import annotations

import ast
import builtins
import types

from .errors import InterpreterError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .._callable import JITCallable


class ASTTransformer(ast.NodeTransformer):
    """A kernel's syntax tree with calls of the interpreter's helpers where the language differs from Python."""

    _kept = 0  # how many operands of `and` and `or` have got a name

    def _help(self, at: ast.AST, name: str, *args: ast.expr) -> ast.Call:
        made = ast.Call(ast.Name(name, ast.Load()), list(args), [])
        for node in (made, made.func):
            ast.copy_location(node, at)
        return made

    def _later(self, body: ast.expr) -> ast.Lambda:
        empty = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        return ast.copy_location(ast.Lambda(empty, body), body)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        node.value = self._help(node.value, "__tl_assign", node.value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return node
        left = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
        value = ast.copy_location(ast.BinOp(left, node.op, node.value), node)
        return ast.copy_location(ast.Assign([node.target], self._help(node, "__tl_assign", value)), node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        constant = "constexpr" in ast.dump(node.annotation)
        node.target = self.visit(node.target)
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        value = self.visit(node.value)
        value = value if constant else self._help(value, "__tl_assign", value)
        return ast.copy_location(ast.Assign([node.target], value), node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        name = "__tl_and" if isinstance(node.op, ast.And) else "__tl_or"
        result = node.values[0]
        for value in node.values[1:]:
            result = self._joined(node, name, result, value)
        return result

    def _joined(self, at: ast.expr, name: str, left: ast.expr, right: ast.expr) -> ast.expr:
        """`left and right`, the right one evaluated when it is wanted.

        One that binds names (`:=`) has to stand in the function itself:
        `l if __tl_skips_and(l := left) else (r := right, __tl_and(l, lambda: r))[1]`.
        """
        if not any(isinstance(part, ast.NamedExpr) for part in ast.walk(right)):
            return self._help(at, name, left, self._later(right))
        self._kept += 1
        keep = [f"__tl_left_{self._kept}", f"__tl_right_{self._kept}"]
        first, second = (ast.NamedExpr(ast.Name(n, ast.Store()), v) for n, v in zip(keep, (left, right), strict=True))
        later = ast.Lambda(self._later(right).args, ast.Name(keep[1], ast.Load()))
        both = ast.Tuple([second, self._help(at, name, ast.Name(keep[0], ast.Load()), later)], ast.Load())
        chosen = ast.Subscript(both, ast.Constant(1), ast.Load())
        skips = self._help(at, name.replace("__tl_", "__tl_skips_"), first)
        made = ast.copy_location(ast.IfExp(skips, ast.Name(keep[0], ast.Load()), chosen), at)
        return ast.fix_missing_locations(made)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1:
            return node
        parts, left = [], node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            parts.append(ast.copy_location(ast.Compare(left, [op], [right]), node))
            left = right
        result = parts[0]
        for part in parts[1:]:
            result = self._joined(node, "__tl_and", result, part)
        return result

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return self._help(node, "__tl_not", node.operand) if isinstance(node.op, ast.Not) else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return self._help(node, "__tl_choose", node.test, self._later(node.body), self._later(node.orelse))

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr == "value" and isinstance(node.ctx, ast.Load):
            return self._help(node, "__tl_value", node.value)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self.generic_visit(node)
        message = node.msg or ast.copy_location(ast.Constant(""), node)
        call = self._help(node, "__tl_assert", node.test, self._later(message))
        return ast.copy_location(ast.Expr(call), node)

    def _called(self, node: ast.Call) -> None:
        node.func = self._help(node, "__tl_called", node.func)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and hasattr(builtins, node.func.id) and node.func.id != "range":
            self._called(node)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        """Only here `range` gives tensors: in a comprehension, to begin with, it gives numbers."""
        self.generic_visit(node)
        if isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Name) and node.iter.func.id == "range":
            self._called(node.iter)
        return node


class _Globals(dict):
    """A function's global names, as they are when they are asked for, and the helpers' among the built-in ones."""

    def __init__(self, names: dict, helpers: dict) -> None:
        super().__init__(__builtins__={**vars(builtins), **helpers}, __name__=names.get("__name__"))
        self.names = names

    def __missing__(self, name: str) -> object:
        return self.names[name]


def _inner_code(code: types.CodeType, name: str) -> types.CodeType:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            return constant if constant.co_name == name else _inner_code(constant, name)
    raise InterpreterError(f"the source of `{name}` holds no function")


def _without_annotations(node: ast.FunctionDef) -> ast.FunctionDef:
    node.decorator_list, node.returns = [], None
    for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        arg.annotation = None
    return node


class FunctionRewriter:
    """Makes the function that Python runs in place of a kernel's own.

    Parameters
    ----------
    function : JITCallable
        The kernel.
    helpers : dict
        The interpreter's helpers by name.
    kwargs : dict
        Values of further keyword-only parameters that a transformer gave the function.
    """

    def __init__(self, function: JITCallable, helpers: dict, **kwargs: object) -> None:
        self.function, self.helpers, self.kwargs = function, helpers, kwargs
        self.fn = function.fn

    def rewrite_ast(self) -> Callable:
        tree = ast.parse(self.function._source_facts()[4])
        definition = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
        ast.increment_lineno(tree, self.function.starting_line_number - 1)
        tree.body = [ASTTransformer().visit(_without_annotations(definition))]
        return self._compile_and_exec(tree)

    def _compile_and_exec(self, transformed_ast: ast.Module) -> Callable:
        tree, fn = transformed_ast, self.fn
        free = fn.__code__.co_freevars
        if free:  # a function around it makes them cells
            arguments = ast.arguments(posonlyargs=[], args=[ast.arg(n) for n in free], kwonlyargs=[], kw_defaults=[],
                                      defaults=[])  # fmt: skip
            tree.body = [ast.FunctionDef("__around", arguments, tree.body, [])]
        code = compile(ast.fix_missing_locations(tree), self.function._file_name(), "exec")
        code = _inner_code(code, fn.__name__)
        cells = dict(zip(free, fn.__closure__ or (), strict=True))
        closure = tuple([cells[name] for name in code.co_freevars])
        names = _Globals(fn.__globals__, self.helpers)
        made = types.FunctionType(code, names, fn.__name__, fn.__defaults__, closure)
        more = {name: value for name, value in self.kwargs.items() if name in code.co_varnames}
        made.__kwdefaults__ = {**(fn.__kwdefaults__ or {}), **more} or None
        return made
