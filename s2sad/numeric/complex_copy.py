"""A copy of a user's function that can be evaluated at complex arguments.

The copy is made from source: allocations become complex, functions of real arguments look at real parts, and every
function that is called is replaced by its complex-aware version, user functions by copies of themselves. Run as it
stands, a function would drop the imaginary part without a word where it stores into a real array.
"""
from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, NoReturn

import gast
import numba
import numpy as np

from s2sad.api.checkpoints import checkpointed
from s2sad.array_functions import table
from s2sad.frontend.source import as_definition, lambda_of
from s2sad.ir.nodes import Loc
from s2sad.numeric import complex_library as library
from s2sad.numeric.complex_draws import DRAWS
from s2sad.numeric.complex_library import ComplexStepUnavailable

_STATEMENTS = (ast.FunctionDef, ast.Return, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For, ast.While, ast.If,
               ast.Expr, ast.Pass, ast.Break, ast.Continue, ast.Raise, ast.Assert, ast.Match, ast.Global, ast.Nonlocal)
_REFUSED = (ast.Await, ast.Yield, ast.YieldFrom, ast.Set, ast.DictComp, ast.SetComp)
_SCOPES = (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.GeneratorExp)
_HELPERS: dict[str, Callable] = {
    "__real": library.real_part, "__pow": library.power, "__floordiv": library.floor_divide,
    "__mod": library.remainder, "__abs": library.absolute,
}
_OPERATORS = {ast.Pow: "__pow", ast.FloorDiv: "__floordiv", ast.Mod: "__mod"}


def _whole(x: Any) -> Any:
    if library.is_complex(x):
        raise ComplexStepUnavailable("a number with a derivative is an operand of 'and' or 'or'")
    return x


def _store(a: Any, value: Any) -> Any:
    """What ``a op= b`` leaves in ``a``: arrays are changed in place."""
    if isinstance(a, np.ndarray):
        a[...] = value
        return a
    return value


def _in(x: Any, row: Any) -> bool:
    return library.real_part(x) in tuple(library.real_part(v) for v in row)


def _stop_gradient(x: Any) -> Any:
    return library.widened(np.real(x)) if isinstance(x, np.ndarray) else library.real_part(x)


_HELPERS |= {"__whole": _whole, "__store": _store, "__in": _in}


def plain_function(f: object) -> FunctionType:
    """The Python function under a dispatcher or another wrapper."""
    seen = f
    while not isinstance(seen, FunctionType):
        inner = getattr(seen, "py_func", None) or getattr(seen, "__wrapped__", None)
        if inner is None:
            raise ComplexStepUnavailable(f"'{getattr(f, '__name__', f)}' is not a Python function with source")
        seen = inner
    return seen


@cache
def bodies() -> dict[Callable, FunctionType]:
    """The functions of NumPy that the compiler has as programs, which can be copied as any other."""
    found = {}
    for name, of in table().items():
        function: Any = np
        for part in name.split(".")[1:]:
            function = getattr(function, part)
        found[function] = of.body
    return found  # type: ignore[return-value]


def complex_copy(f: object) -> FunctionType:
    """A function computing what ``f`` does, at complex arguments too.

    Raises
    ------
    ComplexStepUnavailable
        Where the source is not at hand or uses something that has no complex version.

    Examples
    --------
    >>> import math
    >>> def f(x):
    ...     y = np.zeros(2)
    ...     y[0] = math.sin(x) if x > 0.0 else x
    ...     return y[0] * 2.0
    >>> bool(complex_copy(f)(1.0 + 1e-80j).imag / 1e-80 == 2.0 * math.cos(1.0))
    True
    """
    return _Copies().of(plain_function(f))


class _Copies:
    """The copies made for one function and its helpers, each once; recursion finds the copy under construction."""

    def __init__(self) -> None:
        self.made: dict[FunctionType, Callable] = {}

    def of(self, f: FunctionType) -> FunctionType:
        if f not in self.made:
            cell: list[FunctionType] = []
            self.made[f] = lambda *args, **kwargs: cell[0](*args, **kwargs)
            cell.append(_Rewriter(f, self).run())
            self.made[f] = cell[0]
        return self.made[f]  # type: ignore[return-value]


def _own_names(node: ast.AST) -> set[str]:
    """Names that belong to a scope: parameters and what is assigned in it, not in scopes inside it."""
    found = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)} if hasattr(node, "args") else set()
    declared: set[str] = set()

    def visit(n: ast.AST, inside: bool) -> None:
        match n:
            case ast.NamedExpr():
                found.add(n.target.id)
            case ast.Name() if not inside and not isinstance(n.ctx, ast.Load):
                found.add(n.id)
            case ast.MatchAs(name=str() as name) | ast.FunctionDef(name=name):
                found.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                declared.update(names)
        if isinstance(n, (ast.FunctionDef, ast.Lambda)):
            return
        for child in ast.iter_child_nodes(n):
            visit(child, inside or isinstance(n, _SCOPES))

    for child in ast.iter_child_nodes(node):
        visit(child, False)
    return found - declared


def _forget_annotations(node: ast.FunctionDef) -> None:
    node.returns = None
    for a in ast.walk(node.args):
        if isinstance(a, ast.arg):
            a.annotation = None


class _Rewriter(ast.NodeTransformer):
    def __init__(self, f: FunctionType, copies: _Copies) -> None:
        self.f, self.copies = f, copies
        try:
            lines, self.first = inspect.getsourcelines(f)
            whole = f.__name__ == "<lambda>"
            tree = ast.parse("" if whole else textwrap.dedent("".join(lines)))
        except (OSError, TypeError, SyntaxError) as e:
            raise ComplexStepUnavailable(f"the source of '{f.__name__}' is not available", code="S2S006") from e
        found = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == f.__code__.co_name]
        if f.__name__ == "<lambda>":
            tree = gast.parse("".join(inspect.findsource(f.__code__)[0]))
            node = lambda_of(tree, f.__code__)
            found = [] if node is None else [gast.gast_to_ast(as_definition(node))]
        if not found:
            raise ComplexStepUnavailable(f"the source of '{f.__name__}' is not a definition", code="S2S006")
        self.node, self.lines = found[0], lines
        self.local = _own_names(self.node)
        self.namespace: dict[str, Any] = {**_HELPERS, "__called": self.called}

    def run(self) -> FunctionType:
        a = self.node.args
        _forget_annotations(self.node)
        # Defaults are taken over as they are: evaluating them again could mean something else.
        a.defaults = [ast.Constant(None)] * len(a.defaults)
        a.kw_defaults = [ast.Constant(None) if d is not None else None for d in a.kw_defaults]
        self.node.decorator_list = []
        self.node.body = [self.visit(s) for s in self.node.body]
        module = ast.fix_missing_locations(ast.Module([self.node], []))
        exec(compile(module, f"<complex copy of {self.f.__name__}>", "exec"), self.namespace)
        made = self.namespace[self.node.name]
        made.__defaults__, made.__kwdefaults__ = self.f.__defaults__, self.f.__kwdefaults__
        return made

    def refuse(self, what: str, node: ast.AST) -> NoReturn:
        line = getattr(node, "lineno", 1)
        text = self.lines[line - 1].rstrip("\n") if line <= len(self.lines) else ""
        indent = len(self.lines[0]) - len(self.lines[0].lstrip())
        loc = Loc(self.f.__code__.co_filename, self.first + line - 1, getattr(node, "col_offset", 0) + indent, text)
        raise ComplexStepUnavailable(f"the complex step does not know {what}", loc=loc)

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, _REFUSED) or (isinstance(node, ast.stmt) and not isinstance(node, _STATEMENTS)) \
                or (isinstance(node, ast.FunctionDef) and node.decorator_list):
            self.refuse(f"'{type(node).__name__}'", node)
        if not isinstance(node, _SCOPES):
            return super().visit(node)
        outer, self.local = self.local, self.local | _own_names(node)
        if isinstance(node, ast.FunctionDef):
            _forget_annotations(node)
        try:
            return self.generic_visit(node)
        finally:
            self.local = outer

    def called(self, callee: Any) -> Callable:
        """What a function that is found at run time is replaced by."""
        # What stands for a function of a library, or is a copy already.
        if isinstance(callee, FunctionType) and callee.__code__.co_filename.startswith("<complex copy") \
                or any(callee is made for made in (*self.copies.made.values(), *library.LIBRARY.values())):
            return callee
        return self.function(callee, ast.Call(ast.Name(getattr(callee, "__name__", "?")), [], []))

    # ------------------------------------------------------------------ names

    def meaning(self, node: ast.expr) -> Any:
        """The live object that a name or dotted name stands for; raises LookupError for local ones."""
        if isinstance(node, ast.Name):
            if node.id in self.local:
                raise LookupError(node.id)
            scope = inspect.getclosurevars(self.f)
            for table in (scope.nonlocals, self.f.__globals__, vars(builtins)):
                if node.id in table:
                    return table[node.id]
            self.refuse(f"the name '{node.id}'", node)
        if isinstance(node, ast.Attribute):
            owner = self.meaning(node.value)
            if isinstance(owner, (ModuleType, np.ufunc)) and hasattr(owner, node.attr):
                return getattr(owner, node.attr)
        raise LookupError

    def bound(self, value: Any, hint: str) -> ast.Name:
        name = f"__{hint}_{len(self.namespace)}"
        self.namespace[name] = value
        return ast.Name(name, ast.Load())

    def value(self, node: ast.expr) -> ast.expr | None:
        """A global or dotted name in an expression, but not called."""
        try:
            meaning = self.meaning(node)
        except LookupError:
            return None
        if library.is_complex(meaning):
            self.refuse(f"'{ast.unparse(node)}', a complex number of the function itself", node)
        if any(meaning is t for t in library.DTYPES) or isinstance(meaning, (int, float, str, np.generic, type(None))):
            return self.bound(meaning, "constant")
        if isinstance(meaning, (tuple, list)):
            return self.bound(meaning, "constant")
        if isinstance(meaning, np.ndarray):
            return self.bound(library.widened(meaning), "constant")
        if isinstance(meaning, type) and issubclass(meaning, Exception):
            return self.bound(meaning, "exception")
        if callable(meaning):
            return self.bound(self.function(meaning, ast.copy_location(ast.Call(node, [], []), node)), "function")
        self.refuse(f"'{ast.unparse(node)}' in this place", node)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return node if not isinstance(node.ctx, ast.Load) else self.value(node) or node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, complex):
            # Its imaginary part would be taken for a derivative.
            self.refuse("complex numbers of the function itself", node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        constant = self.value(node)
        if constant is not None:
            return constant
        # What arrays have no attribute for is a field of a structure.
        if node.attr not in library.ATTRIBUTES and hasattr(np.ndarray, node.attr):
            self.refuse(f"the attribute '{node.attr}'", node)
        return self.generic_visit(node)  # type: ignore[return-value]

    # ------------------------------------------------------------------ calls

    def visit_Call(self, node: ast.Call) -> ast.expr:
        args = [self.visit(a) for a in node.args]
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        if any(k.arg is None for k in keywords):
            self.refuse("'**' in a call", node)
        try:
            function = self.function(self.meaning(node.func), node)
        except LookupError:
            return self.method(node, args, keywords)
        return ast.Call(self.bound(function, "function"), args, keywords)

    def function(self, callee: Any, node: ast.Call) -> Callable:
        module = getattr(callee, "__module__", None) or ""
        if getattr(callee, "__name__", "") == "stop_gradient" and module.split(".")[0] == "s2sad":
            return _stop_gradient
        if callee is numba.prange:
            return library.LIBRARY[range]
        if callee is checkpointed:
            return checkpointed
        if isinstance(callee, type) and (issubclass(callee, Exception) or hasattr(callee, "_fields")):
            return callee
        try:
            return library.LIBRARY.get(callee) or DRAWS[callee]
        except (KeyError, TypeError):
            pass
        if getattr(callee, "runs_when_compiling", False):
            return library.of_static(callee)
        body = bodies().get(callee)
        if body is not None:
            return self.copies.of(body)
        if isinstance(callee, FunctionType) and module.split(".")[0] in ("numpy", "math"):
            self.refuse(f"'{ast.unparse(node.func)}'", node)
        try:
            return self.copies.of(plain_function(callee))
        except ComplexStepUnavailable as e:
            if e.loc is not None:
                raise
            self.refuse(f"'{ast.unparse(node.func)}'", node)

    def method(self, node: ast.Call, args: list[ast.expr], keywords: list[ast.keyword]) -> ast.expr:
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in library.METHODS:
            if isinstance(node.func, ast.Attribute):
                self.refuse(f"the call of '{ast.unparse(node.func)}'", node)
            return ast.Call(self.helper("__called", self.visit(node.func)), args, keywords)
        receiver, replacement = self.visit(node.func.value), library.METHODS[node.func.attr]
        if replacement is None:
            return ast.Call(ast.Attribute(receiver, node.func.attr, ast.Load()), args, keywords)
        return ast.Call(self.bound(replacement, node.func.attr), [receiver, *args], keywords)

    # ------------------------------------------------------------------ operators, tests

    def helper(self, name: str, *args: ast.expr) -> ast.expr:
        return ast.Call(ast.Name(name, ast.Load()), list(args), [])

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        if type(node.op) in _OPERATORS:
            return self.helper(_OPERATORS[type(node.op)], left, right)
        return ast.BinOp(left, node.op, right)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        if type(node.op) not in _OPERATORS:
            return self.generic_visit(node)  # type: ignore[return-value]
        if any(isinstance(n, ast.Call) for n in ast.walk(node.target)):
            self.refuse("a call in the target of an augmented assignment", node)
        source = ast.parse(ast.unparse(node.target), mode="eval").body
        old = self.visit(ast.copy_location(source, node.target))
        new = self.helper(_OPERATORS[type(node.op)], old, self.visit(node.value))
        return ast.copy_location(ast.Assign([self.visit(node.target)], self.helper("__store", old, new)), node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        if any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops):
            if len(node.ops) > 1:
                self.refuse("'in' in a chain", node)
            found = self.helper("__in", self.visit(node.left), self.visit(node.comparators[0]))
            return found if isinstance(node.ops[0], ast.In) else ast.UnaryOp(ast.Not(), found)
        if any(isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops):
            return self.generic_visit(node)  # type: ignore[return-value]
        operands = [self.helper("__real", self.visit(v)) for v in (node.left, *node.comparators)]
        return ast.Compare(operands[0], node.ops, operands[1:])

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        return ast.BoolOp(node.op, [self.helper("__whole", self.visit(v)) for v in node.values])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        operand = self.visit(node.operand)
        return ast.UnaryOp(node.op, self.helper("__real", operand) if isinstance(node.op, ast.Not) else operand)

    def tested(self, node: Any) -> Any:
        node = self.generic_visit(node)
        node.test = self.helper("__real", node.test)
        return node

    visit_If = visit_While = visit_IfExp = visit_Assert = tested

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([self.visit(node.target)], self.visit(node.value)), node)
