"""``check``: right derivatives pass, wrong ones do not, and what cannot be checked says why."""
from __future__ import annotations

import ast

import numpy as np
import pytest

from s2sad.cli import check as check_module
from s2sad.cli import module as module_text

MODEL = """
    import numpy as np
    import s2sad

    @s2sad.differentiate(wrt=("y", "x"))
    def f(x, y, n: int = 2):
        s = 0.0
        for i in range(x.shape[0]):
            for k in range(n):
                s += np.sin(x[i]) * y ** k
        return s, x * y

    def scale(A, b):
        for i in range(A.shape[0]):
            for j in range(A.shape[1]):
                A[i, j] *= b

    def logs(x):
        return np.log(x - 10.0)

    def at(x, i):
        return x[i]

    def frozen(x):
        return x * s2sad.stop_gradient(x)

    def count(x):
        return 3

    def keywords(x, *, k):
        return x * k
"""


def test_right_derivatives(run, written):
    file = written(MODEL)
    status, out, err = run("check", f"{file}:f", "--signature", "float64[::1], float64")
    assert status == 0 and err == ""
    assert "by y, x" in out and "n = 2" in out and "all 8 comparisons agree" in out and "complex-step" in out
    status, out, _ = run("check", f"{file}:scale", "--signature", "float64[:, :], float32", "--wrt", "b,A",
                         "--shape", "A=3x2")
    assert status == 0 and "shape (3, 2)" in out
    status, out, _ = run("check", f"{file}:frozen", "--signature", "float64", "--set", "x=3.5", "--seed", "7")
    assert status == 0 and "x = 3.5" in out


def spoilt(change):
    """The derivatives with one change to the syntax tree."""
    made = module_text.derivatives

    def derivatives(*args, **kwargs):
        functions = made(*args, **kwargs)
        for f in functions:
            change(f)
        return functions

    return derivatives


def doubled(f: ast.FunctionDef) -> None:
    last = f.body[-1]
    if f.name.endswith("_adjoint"):
        last.value = ast.BinOp(ast.Constant(2.0), ast.Mult(), last.value)


def lost(f: ast.FunctionDef) -> None:
    last = f.body[-1]
    if f.name.endswith("_tangent"):
        last.value.elts[1] = ast.parse("math.nan", mode="eval").body


@pytest.mark.parametrize("change, what", [(doubled, "reverse mode"), (lost, "forward mode")])
def test_wrong_derivatives(run, written, monkeypatch, change, what):
    file = written("import math\ndef f(x):\n    return math.sin(x)\n")
    monkeypatch.setattr(check_module, "derivatives", spoilt(change))
    status, out, _ = run("check", f"{file}:f", "--signature", "float64")
    assert status == 1 and "2 of 4 comparisons WRONG" in out
    assert all(what in line for line in out.splitlines() if line.endswith("WRONG"))


@pytest.mark.parametrize("arguments, words", [
    (("logs", "float64"), "not finite"),
    (("at", "float64[::1], int64", "--set", "i=77"), "raises IndexError"),
    (("at", "float64[::1], int64", "--set", "j=7"), "'j', which is no parameter"),
    (("at", "float64[::1], int64", "--set", "i"), "NAME=VALUE"),
    (("at", "float64[::1], int64", "--set", "i=open(1)"), "not a literal"),
    (("at", "float64[::1], int64", "--set", "x=1.0"), "does not fit"),
    (("at", "float64[::1], int64", "--shape", "x=3x4"), "2 axes"),
    (("at", "float64[::1], int64", "--shape", "x=three"), "not a shape"),
    (("count", "float64"), "no floating-point number"),
    (("keywords", "float64, float64"), "by position"),
])
def test_what_cannot_be_checked(run, written, arguments, words):
    file = written(MODEL)
    name, signature, *rest = arguments
    status, out, err = run("check", f"{file}:{name}", "--signature", signature, *rest)
    assert status == 2 and words in err and out == ""


def test_arguments_are_of_the_types_asked_for():
    import inspect

    from numba import typeof

    from s2sad.api.signatures import parse_signature
    from s2sad.cli.inputs import arguments
    signature = ("float64[:], float32[::1, :], int32, boolean, UniTuple(float64, 2), uint8[:, ::1], complex128, none, "
                 "float64[:, :, :]")
    types = parse_signature(signature)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = {f"p{k}": inspect.Parameter(f"p{k}", kind) for k in range(len(types))}
    made = arguments(parameters, types, (), size=4, seed=0, given={})
    assert [typeof(a) for a in made] == list(types)
    assert all((0 <= a).all() and (a < 4).all() for a in made if isinstance(a, np.ndarray))
