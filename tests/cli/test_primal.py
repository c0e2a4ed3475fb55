"""The user's function as text that stands alone."""
from __future__ import annotations

import math

import pytest

from s2sad.emit.primal import primal_text
from s2sad.errors import S2sadError
from s2sad.frontend.static import StaticModule


def texts(source: str, name: str = "f", taken: tuple[str, ...] = ()) -> str:
    primal = primal_text(StaticModule(source, "model.py").function(name), taken)
    return "\n".join([*primal.constants, *(f.text for f in primal.functions)])


@pytest.mark.parametrize("source, expected", [
    ("def f(x: float, n: int = 3, *, m: 'a' = (2)) -> 'float':\n    return x",
     "def f(x, n=3, *, m=2):\n    return x"),
    ("@deco\n@deco2(\n  1)\ndef f(x):\n    # why\n    return x  # what\n\n# after\n",
     "def f(x):\n    # why\n    return x  # what"),
    ("def f(x, n=2 * 3, k=load()): return x", "def f(x, n=6, k=None): return x"),
    ("def f(x, k=load()): return x", "def f(x, k): return x"),
    ("def f(x, k=float('inf')): return x", "def f(x, k=math.inf): return x"),
    ("def f(\n    x: dict[str, int],  # first\n    y: 'b' = 1.0,\n) -> tuple[\n    int, int\n]:\n    return x",
     "def f(\n    x,  # first\n    y=1.0,\n):\n    return x"),
    ("def f(x):\n    y: float = x\n    z: int\n    z = 2\n    return y * z",
     "def f(x):\n    y = x\n    pass\n    z = 2\n    return y * z"),
    ("import numpy as xp\nfrom math import sin as s, pi\nimport math as m\n"
     "def f(x):\n    return xp.cos(s(x)) + pi + m.e + xp.pi",
     "pi = 3.141592653589793\ndef f(x):\n    return np.cos(math.sin(x)) + pi + math.e + np.pi"),
    ("from numba import prange as p\nimport numba as nb\n"
     "def f(x):\n    for i in p(3):\n        for j in nb.prange(2): x *= 1.0\n    return x",
     "def f(x):\n    for i in prange(3):\n        for j in prange(2): x *= 1.0\n    return x"),
    ("def h(x): return x\nk = h\ndef f(x): return k(x) + h(x)", "def h(x): return x\ndef f(x): return h(x) + h(x)"),
    ("N = 2\ndef g(x, N): return N\ndef f(x): return g(x, 1) * N",
     "N = 2\ndef g(x, N): return N\ndef f(x): return g(x, 1) * N"),
    ("import numpy as np\nW = np.array([1, 2]) * 0.5\nE = -math_inf if False else (1.0,)\nB = np.float32(0.1)\n"
     "def f(x): return W[0] * E[0] * B",
     "W = np.array([0.5, 1.0])\nE = (1.0,)\nB = np.float32(0.1)\ndef f(x): return W[0] * E[0] * B"),
    ("def f(x):\n    π = 'ü'; y = x  # ß\n    return abs(y)", "def f(x):\n    π = 'ü'; y = x  # ß\n    return abs(y)"),
])
def test_texts(source, expected):
    assert texts(source) == expected


def test_callees_and_constants_give_way_to_names_that_are_taken():
    source = "zmul = 3.0\ndef f_adjoint(x): return x\ndef f(x): return f_adjoint(x) * zmul + f_adjoint(x)"
    assert texts(source, taken=("zmul", "f_adjoint")) == (
        "zmul_1 = 3.0\ndef f_adjoint_1(x): return x\ndef f(x): return f_adjoint_1(x) * zmul_1 + f_adjoint_1(x)")


def test_helpers_that_shadow_builtins_are_renamed():
    assert texts("def max(x): return x\ndef f(x): return max(x)") == "def max_1(x): return x\ndef f(x): return max_1(x)"


@pytest.mark.parametrize("source, words", [
    ("import numpy as xp\ndef f(x):\n    np = 2.0\n    return xp.sin(x) * np", "rename the local 'np'"),
    ("def f(x):\n    return g(x)\nfrom elsewhere import g", "--import"),
])
def test_what_cannot_be_written(source, words):
    with pytest.raises(S2sadError) as e:
        texts(source)
    assert words in str(e.value) and e.value.loc is not None


def test_live_functions_keep_closures_and_modules_of_their_own():
    from s2sad.frontend.source import UserFunction
    scale = 3

    def inner(x: float) -> float:
        return x * scale + math.tau

    primal = primal_text(UserFunction.from_callable(inner))
    assert primal.constants == ("scale = 3",)
    assert primal.functions[-1].text == "def inner(x):\n    return x * scale + math.tau"
    assert primal.imports == {"math"}
