"""Every kind of node in Python's ``ast``, 3.11 to 3.14: a program with it is differentiated right or refused in place.

An entry is the body of ``f(x)``. One that is refused names the code, and marks its line with ``# <<`` and the text that
the error points at.
"""
import ast
import linecache
import sys

import gast
import numpy as np
import pytest

from s2sad import numeric
from s2sad.errors import CODES, S2sadError
from s2sad.frontend.static import StaticModule
from s2sad.frontend.syntax import REFUSED
from tests.execution import execute, generate

DIFFERENTIATED = {
    "Add": "return x + x", "Sub": "return 2.0 - x", "Mult": "return x * x", "Div": "return 1.0 / x",
    "FloorDiv": "return x * (7 // 2)", "Mod": "return x * (7 % 4) + (x % 0.7) * x", "Pow": "return x ** 3 + 2.0 ** x",
    "MatMult": "y = np.full(2, x)\nreturn y @ y", "LShift": "return x * (1 << 3)", "RShift": "return x * (9 >> 1)",
    "BitAnd": "return x * (6 & 3)", "BitOr": "return x * (6 | 3)", "BitXor": "return x * (6 ^ 3)",
    "USub": "return -x * x", "UAdd": "return +x * x", "Invert": "return x * ~3",
    "Not": "return x if not x < 0 else 1.0",
    "And": "return x * x if x > 0 and x < 9 else x", "Or": "return x * x if x < 0 or x < 9 else x",
    "Eq": "return x * x if x == x else x", "NotEq": "return x * x if x != x else x",
    "Lt": "return x * x if x < 1 else x", "LtE": "return x * x if x <= 2 else x",
    "Gt": "return x * x if x > 1 else x", "GtE": "return x * x if x >= 2 else x",
    "Is": "y = None\nreturn x * x if y is None else x", "IsNot": "y = None\nreturn x * x if y is not None else x",
    "In": "return x * x if 2 in (1, 2) else x", "NotIn": "k = int(x)\nreturn x * x if k not in (1, 2) else x * x * x",
    "Assign": "y = z = x * x\nreturn y * z", "AnnAssign": "y: float = x * x\nreturn y * x",
    "AugAssign": "y = x\ny *= x\nreturn y * x",
    "If": "if x > 1:\n    return x * x\nreturn x", "For": "y = x\nfor i in range(3):\n    y = y * x\nreturn y",
    "While": "y = x\nwhile y < 9:\n    y = y * x\nreturn y",
    "Break": "y = x\nwhile True:\n    y = y * x\n    if y > 5:\n        break\nreturn y",
    "Continue": "y = x\nfor i in range(3):\n    if i == 1:\n        continue\n    y = y * x\nreturn y",
    "Dict": "y = {'a': x, 'b': 3}\nreturn y['a'] * x * y['b']",
    "Return": "return x * x", "Pass": "pass\nreturn x * x", "Assert": "assert x > 0\nreturn x * x",
    "Raise": "if x < 0:\n    raise ValueError('negative')\nreturn x * x", "Expr": "'text'\nreturn x * x",
    "Global": "global np\nreturn np.sin(x)",
    "FunctionDef": "def g(y):\n    return y * x\nreturn g(x)",
    "Nonlocal": "y = x\ndef g():\n    nonlocal y\n    y = y * x\ng()\nreturn y * y",
    "arguments": "def g(a, /, b, *c, d=2.0):\n    return a * b + c[0] * d\nreturn g(x, x, x * x)",
    "arg": "def g(a):\n    return a * a\nreturn g(x)", "keyword": "def g(a):\n    return a * a\nreturn g(a=x)",
    "ListComp": "y = [x * x * k for k in range(3)]\nreturn y[1] * y[2]",
    "comprehension": "return np.sum(np.array([x * x * k for k in range(3) if k != 1]))",
    "Lambda": "return (lambda y: y * x)(x * x)", "NamedExpr": "return (y := x * x) * y",
    "BoolOp": "return x and x * x", "BinOp": "return x * x", "UnaryOp": "return -x * x",
    "IfExp": "return x if x < 1 else x * x",
    "Compare": "return x * x if 0 < x < 2 else x", "Call": "return np.sin(x)", "Attribute": "return np.sin(x)",
    "Subscript": "y = np.full(3, x)\nreturn y[0] * y[-1]", "Slice": "y = np.full(3, x)\nreturn np.sum(y[1:] * y[:-1])",
    "Tuple": "y, z = x, x * x\nreturn y * z", "List": "[y, z] = [x, x * x]\nreturn y * z", "Name": "return x * x",
    "Constant": "return 3.0 * x * x", "Starred": "y, *z = x, x * x, x\nreturn y * z[0] * z[1]",
    "Load": "return x * x", "Store": "y = x * x\nreturn y",
    "FormattedValue": "if x < 0:\n    raise ValueError(f'negative: {x}')\nreturn x * x",
    "Match": "match int(x):\n    case 1:\n        return x * x\n    case _:\n        return x",
    "match_case": "match int(x):\n    case 1 if x > 2:\n        return x * x\n    case _:\n        return x * x * x",
    "MatchValue": "match 3:\n    case 3:\n        return x * x\n    case _:\n        return x",
    "MatchSingleton": "y = None\nmatch y:\n    case None:\n        return x * x\n    case _:\n        return x",
    "MatchSequence": "match x, x * x:\n    case (a, b):\n        return a * b\n    case _:\n        return x",
    "MatchAs": "match x * x:\n    case y:\n        return y * x",
    "MatchOr": "match int(x):\n    case 1 | 2:\n        return x * x\n    case _:\n        return x",
}

REFUSED_PROGRAMS = {
    "AsyncFunctionDef": ("async def g():  # << async def\n    return 1.0\nreturn x", "S2S001"),
    "AsyncFor": ("async def g():  # << async def\n    async for i in x:\n        pass\nreturn x", "S2S001"),
    "AsyncWith": ("async def g():  # << async def\n    async with x:\n        pass\nreturn x", "S2S001"),
    "Await": ("async def g():  # << async def\n    await x\nreturn x", "S2S001"),
    "ClassDef": ("class A:  # << class A\n    pass\nreturn x", "S2S001"),
    "Delete": ("y = x\ndel y  # << del y\nreturn x", "S2S002"),
    "Del": ("y = x\ndel y  # << del y\nreturn x", "S2S002"),
    "With": ("with x:  # << with x\n    pass\nreturn x", "S2S002"),
    "withitem": ("with x as y:  # << with x\n    pass\nreturn x", "S2S002"),
    "Try": ("try:  # << try\n    y = x\nfinally:\n    y = x\nreturn y", "S2S002"),
    "ExceptHandler": ("try:  # << try\n    y = x\nexcept Exception:\n    y = x\nreturn y", "S2S002"),
    "TryStar": ("try:  # << try\n    y = x\nexcept* ValueError:\n    y = x\nreturn y", "S2S001"),
    "Import": ("import math  # << import\nreturn x", "S2S002"),
    "ImportFrom": ("from math import sin  # << from\nreturn x", "S2S002"),
    "alias": ("import math as m  # << import\nreturn x", "S2S002"),
    "Set": ("y = {x}  # << {x}\nreturn x", "S2S002"),
    "SetComp": ("y = {x * k for k in range(3)}  # << {x * k\nreturn x", "S2S002"),
    "DictComp": ("y = {k: x for k in range(3)}  # << {k: x\nreturn y[0]", "S2S002"),
    "GeneratorExp": ("return sum(x * k for k in range(3))  # << (x * k", "S2S002"),
    "JoinedStr": ("y = f'{x}'  # << f'{x}\nreturn x", "S2S002"),
    "Yield": ("yield x  # << yield x", "S2S001"),
    "YieldFrom": ("yield from (x, x)  # << yield from", "S2S001"),
    "MatchStar": ("match x, x:\n    case (a, *b):  # << *b\n        return a", "S2S002"),
    "MatchMapping": ("match x:\n    case {'a': y}:  # << {'a'\n        return y", "S2S002"),
    "MatchClass": ("match x:\n    case float(y):  # << float(\n        return y", "S2S002"),
    "TypeAlias": ("type A = float  # << type A\nreturn x", "S2S001"),
    "TypeVar": ("def g[T](y):  # << T\n    return y\nreturn g(x)", "S2S001"),
    "ParamSpec": ("def g[**P](y):  # << **P\n    return y\nreturn g(x)", "S2S001"),
    "TypeVarTuple": ("def g[*T](y):  # << *T\n    return y\nreturn g(x)", "S2S001"),
    "TemplateStr": ("y = t'{x}'  # << t'{x}\nreturn x", "S2S001"),
    "Interpolation": ("y = t'{x}'  # << t'{x}\nreturn x", "S2S001"),
}
SINCE = {"TypeAlias": (3, 12), "TypeVar": (3, 12), "ParamSpec": (3, 12), "TypeVarTuple": (3, 12),
         "TemplateStr": (3, 14), "Interpolation": (3, 14)}

OUTSIDE = {"Module": ast.parse("x = 1"), "Expression": ast.parse("x", mode="eval"),
           "Interactive": ast.parse("x", mode="single"), "FunctionType": ast.parse("() -> int", mode="func_type"),
           "TypeIgnore": ast.parse("x = 1  # type: ignore", type_comments=True).type_ignores[0]}
"""Nodes that no function has inside."""

ABSTRACT = {"AST", "mod", "stmt", "expr", "expr_context", "boolop", "operator", "unaryop", "cmpop", "excepthandler",
            "pattern", "type_ignore", "type_param", "slice"}
OLD = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis", "Index", "ExtSlice", "Suite", "AugLoad", "AugStore", "Param"}
"""Names that Python keeps for programs written for earlier versions; it makes no such nodes."""


def module(body):
    return "import numpy as np\n\n\ndef f(x):\n" + "".join(f"    {line}\n" for line in body.split("\n"))


def function(name, body):
    """``f`` with that body, its source where Python looks for it."""
    text, file = module(body), f"<inventory {name}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    space = {"__name__": "inventory"}
    exec(compile(text, file, "exec"), space)
    return space["f"]


def test_every_node_has_an_entry():
    kinds = {n for n, c in vars(ast).items() if isinstance(c, type) and issubclass(c, ast.AST)} - ABSTRACT - OLD
    tables = [set(DIFFERENTIATED), set(REFUSED_PROGRAMS), set(OUTSIDE)]
    assert kinds - set().union(*tables) == set()
    assert sum(map(len, tables)) == len(set().union(*tables)), "one entry each"
    assert set().union(*tables) - kinds == {n for n, since in SINCE.items() if sys.version_info < since}


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_differentiated(name):
    assert any(type(n).__name__ == name for n in ast.walk(ast.parse(module(DIFFERENTIATED[name]))))
    f = function(name, DIFFERENTIATED[name])
    want = numeric.gradient(f, (1.3,)).value
    reverse = generate(f, (1.3,), "value_and_grad", ("x",))
    value, gradient = execute(reverse)[reverse.name](1.3)
    forward = generate(f, (1.3,), "tangent", ("x",))
    assert value == pytest.approx(f(1.3), rel=1e-14)
    assert gradient == pytest.approx(want, rel=1e-9)
    assert execute(forward)[forward.name](1.3, 1.0) == pytest.approx((value, gradient), rel=1e-13)
    assert want != 0.0 and np.isfinite(want)


@pytest.mark.parametrize("name", REFUSED_PROGRAMS)
def test_refused(name):
    body, code = REFUSED_PROGRAMS[name]
    if sys.version_info < SINCE.get(name, (3,)):
        # This Python cannot even read it; the table it is refused by knows it.
        kind = getattr(gast, {"Interpolation": "TemplateStr"}.get(name, name))
        assert REFUSED[kind].code == code and REFUSED[kind].hint
        return
    assert any(type(n).__name__ == name for n in ast.walk(ast.parse(module(body))))
    with pytest.raises(S2sadError) as caught:
        generate(function(name, body), (1.3,), "grad", ("x",))
    e = caught.value
    at, _, marked = e.loc.text.partition("  # << ")
    assert e.loc.file == f"<inventory {name}>" and e.loc.text == module(body).split("\n")[e.loc.line - 1]
    assert marked and at[e.loc.col:].startswith(marked), str(e)
    assert e.code == code in CODES and e.hint


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_of_functions(name):
    assert type(OUTSIDE[name]).__name__ == name
    bodies = [*DIFFERENTIATED.values(), *(body for n, (body, _) in REFUSED_PROGRAMS.items() if n not in SINCE)]
    nodes = [n for body in bodies for s in ast.parse(module(body)).body for n in ast.walk(s)]
    assert not any(type(n).__name__ == name for n in nodes)


def test_a_module_is_read():
    assert StaticModule(module("return x * x"), "m.py").function("f").params == ("x",)
