"""Globals, closure values and callees are what they were when a function was first used; nothing stale is served."""
import linecache
import math
import types

import numba
import numpy as np
import pytest

import s2sad
from s2sad.errors import UnsupportedSyntax

config = types.ModuleType("config")
config.RATE = 2.0


def made(text, file="<frozen>", **names):
    """Functions from text, as a cell of a notebook makes them: the file's name is used again."""
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    space = {"__name__": "frozen", "np": np, "math": math, "numba": numba, "s2sad": s2sad, "config": config, **names}
    exec(compile(text, file, "exec"), space)
    return space


SCALED = "def f(x):\n    return A * x * x + T[0] * x + config.RATE * x\n"


def everything(f, x=3.0):
    """The derivative, by everything that gives it."""
    return [s2sad.grad(f)(x), s2sad.value_and_grad(f)(x)[1], s2sad.jvp(f, (x,), (1.0,))[1], s2sad.vjp(f, x)[1](1.0)[0],
            s2sad.tangent(f)(x, 1.0)[1], s2sad.adjoint(f)(x, 1.0)]


@pytest.mark.parametrize("first", ["grad", "primal", "source"])
def test_globals_are_those_of_the_first_use(first):
    config.RATE = 2.0
    space = made(SCALED, A=2.0, T=np.array([5.0]))
    f = s2sad.differentiate(space["f"])
    use = {"grad": lambda: f.grad(3.0), "primal": lambda: f(3.0), "source": lambda: f.source("grad", 3.0)}
    use[first]()
    space["A"], config.RATE = 10.0, 20.0
    space["T"][0] = 100.0
    assert f(3.0) == 2 * 9 + 15.0 + 6.0
    assert f(np.float32(3.0)) == 39.0, "other types are compiled later, and see the same"
    assert everything(f) == [19.0] * 6
    again = s2sad.differentiate(space["f"])
    assert again(3.0) == 10 * 9 + 300.0 + 60.0
    assert everything(again) == [180.0] * 6


def test_numba_does_the_same():
    space = made("def f(x):\n    return A * x * x\n", A=2.0)
    f = numba.njit(space["f"])
    assert f(3.0) == 18.0
    space["A"] = 10.0
    assert f(3.0) == 18.0 and numba.njit(space["f"])(3.0) == 90.0


def test_callees_are_those_of_the_first_use():
    space = made("def g(x):\n    return x * x\ndef f(x):\n    return g(x) * x\n")
    f = s2sad.differentiate(space["f"])
    assert f.grad(2.0) == 12.0
    made("def g(x):\n    return x * x * x\n", "<other>", space=space)
    space["g"] = made("def g(x):\n    return x * x * x\n", "<other>")["g"]
    assert f(2.0) == 8.0 and f.grad(2.0) == 12.0 and f.jvp((2.0,), (1.0,)) == (8.0, 12.0)
    again = s2sad.differentiate(space["f"])
    assert again(2.0) == 16.0 and everything(again, 2.0) == [32.0] * 6


def test_closure_values():
    def make():
        a = 2.0

        def f(x):
            return a * x * x

        def change(v):
            nonlocal a
            a = v

        return f, change

    f, change = make()
    assert s2sad.grad(f)(3.0) == 12.0
    change(5.0)
    assert everything(f) == [12.0] * 6
    assert s2sad.differentiate(f).grad(3.0) == 30.0
    g, _ = make()
    assert s2sad.grad(g)(3.0) == 12.0


@pytest.mark.parametrize("file", ["<a cell>", "<another cell>"])
def test_a_cell_executed_again(file):
    """The same name, file and line: another function."""
    gradients = []
    for factor in (1.0, 2.0, 3.0):
        space = made(f"def h(x):\n    return {factor} * x\ndef f(x):\n    return h(x) * x\n", file)
        gradients.append((s2sad.grad(space["f"])(1.5), s2sad.value_and_grad(space["f"])(1.5)[1]))
    assert gradients == [(3.0, 3.0), (6.0, 6.0), (9.0, 9.0)]


def test_two_helpers_of_one_name_and_line():
    first = made("def h(x):\n    return 2.0 * x * x\n", "<h>")["h"]
    s2sad.grad(first)(1.0)
    text = "def f(x):\n    return first(x) + 10.0 * second(h(x))\n"
    second = made("def h(x):\n    return 3.0 * x * x\n", "<h2>")["h"]
    second.__code__ = second.__code__.replace(co_filename="<h2>")
    space = made(text, first=first, second=second, h=first)
    # 2 x^2 + 30 (2 x^2)^2
    assert s2sad.grad(space["f"])(0.5) == pytest.approx(4 * 0.5 + 480 * 0.125)
    text = s2sad.source(space["f"], "primal", 0.5)
    alone = {}
    exec(text, alone)
    assert alone["f"](0.5) == pytest.approx(2 * 0.25 + 30 * 0.25)


def test_text_that_is_not_what_runs():
    """A file edited after its import: what would be differentiated is not what runs."""
    old = made("def f(x):\n    return 2.0 * x * x\n", "<edited>")["f"]
    made("def f(x):\n    return 3.0 * x * x\n", "<edited>")
    with pytest.raises(UnsupportedSyntax, match="S2S006") as caught:
        s2sad.grad(old)(1.0)
    assert caught.value.hint and caught.value.loc.line == 1
    caller = made("def f(x):\n    return old(x)\n", old=old)["f"]
    with pytest.raises(UnsupportedSyntax, match="S2S006"):
        s2sad.grad(caller)(1.0)


def test_a_lambda_edited():
    old = made("f = [lambda x: 2.0 * x, lambda x: 3.0 * x]\n", "<lambdas>")["f"]
    assert [s2sad.grad(f)(1.0) for f in old] == [2.0, 3.0]
    new = made("f = [lambda x: 4.0 * x, lambda x: 3.0 * x]\n", "<lambdas>")["f"]
    assert [s2sad.grad(f)(1.0) for f in new] == [4.0, 3.0]


def test_dispatchers_are_told_apart():
    space = made("def h(x):\n    return K * x\n", K=2.0)
    two = numba.njit(space["h"])
    text = "def f(x):\n    return h(x) * x\n"
    assert s2sad.grad(made(text, "<one>", h=two)["f"])(1.0) == 4.0
    space["K"] = 5.0
    assert s2sad.grad(made(text, "<two>", h=numba.njit(space["h"]))["f"])(1.0) == 10.0
