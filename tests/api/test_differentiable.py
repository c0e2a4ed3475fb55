"""The object made by ``differentiate``: what it keeps, how it is called, what numba makes of it."""
from __future__ import annotations

import inspect
import sys
import types as pytypes

import numba
import numpy as np
import pytest

import s2sad
from tests.api.programs import cube, twice, weighted

X = np.array([1.0, 2.0, 3.0])
FACTOR = 2.0


@s2sad.differentiate(wrt=("x", "a"))
def decorated(x, a=3.0):
    """Some docstring."""
    s = 0.0
    for i in range(x.shape[0]):
        s += a * x[i]
    return s


def test_keeps_what_introspection_needs():
    def inner(x: float, n: int = 2) -> float:
        """Powers."""
        return x ** n

    d = s2sad.differentiate(inner)
    assert (d.__name__, d.__doc__, d.__module__) == ("inner", "Powers.", inner.__module__)
    assert d.__wrapped__ is inner
    assert inspect.signature(d) == inspect.signature(inner)
    assert "inner" in d.__qualname__


def test_call_is_the_compiled_primal_with_defaults_and_keywords():
    assert decorated(X) == 18.0
    assert decorated(X, a=1.0) == decorated(a=1.0, x=X) == 6.0
    with pytest.raises(TypeError):
        decorated()


def test_methods_take_the_decorators_wrt():
    g, ga = decorated.grad(X)
    assert np.array_equal(g, [3.0, 3.0, 3.0]) and ga == 6.0
    value, (g, ga) = decorated.value_and_grad(x=X, a=3.0)
    assert value == 18.0 and np.array_equal(g, [3.0, 3.0, 3.0]) and ga == 6.0
    assert decorated.grad is decorated.grad


def test_a_function_of_its_own_helpers_and_globals():
    # ``weighted`` calls a plain function; numba on its own would refuse.
    assert s2sad.differentiate(weighted)(X, 2.0) == 28.0


def test_helpers_through_modules_and_closures():
    space = pytypes.ModuleType("made_up_helpers")
    exec("def half(x):\n    return 0.5 * x\n", space.__dict__)
    sys.modules[space.__name__] = space

    def offset(x):
        return x + FACTOR

    def f(x):
        return space.half(x) + offset(x)

    assert s2sad.differentiate(f)(2.0) == 5.0
    assert not hasattr(space.half, "py_func")


def test_recursion_through_the_decorated_name():
    space = {"s2sad": s2sad}
    exec("@s2sad.differentiate\ndef fact(n):\n    if n <= 1:\n        return 1\n    return n * fact(n - 1)\n", space)
    assert space["fact"](5) == 120


def test_usable_in_compiled_functions():
    d = s2sad.differentiate(cube)

    @numba.njit
    def use(x):
        return d(x) + 1.0

    @numba.njit
    def passed(f, x):
        return f(x)

    assert use(2.0) == 9.0
    assert passed(d, 2.0) == 8.0


def test_a_dispatcher_is_used_as_it_is_and_its_options_are_inherited():
    given = numba.njit(fastmath={"nsz", "arcp"}, nogil=True)(twice)
    d = s2sad.differentiate(given)
    assert d.__wrapped__ is given and d.__name__ == "twice"
    assert d(3.0) == 18.0 and given.signatures
    text = d.source("grad", 1.0)
    assert "nogil=True" in text and "'arcp': True, 'nsz': True" in text
    plain = s2sad.differentiate(given, nogil=False, fastmath=False)
    assert "nogil" not in plain.source("grad", 1.0) and "fastmath" not in plain.source("grad", 1.0)


def test_decorating_again_keeps_what_is_not_said_anew():
    again = s2sad.differentiate(decorated, nogil=True)
    assert again.__wrapped__ is decorated.__wrapped__
    assert len(again.grad(X, 1.0)) == 2


@pytest.mark.parametrize("wrt", ["z", 2, -3, (), ("x", "x"), ("x", 0), True, 1.5])
def test_wrong_wrt_is_refused_at_once_and_names_the_parameters(wrt):
    with pytest.raises(s2sad.BadCall, match="x, a"):
        s2sad.differentiate(weighted, wrt=wrt)
    with pytest.raises(s2sad.BadCall, match="x, a"):
        s2sad.grad(weighted, wrt=wrt)


def test_negative_positions_count_from_the_end():
    assert s2sad.grad(weighted, wrt=-1)(X, 2.0) == 14.0


def test_other_targets():
    assert isinstance(s2sad.differentiate(cube, target="cuda"), s2sad.cuda.CudaKernel)
    with pytest.raises(s2sad.BadCall, match="no target 'gpu'"):
        s2sad.differentiate(target="gpu")(cube)


@pytest.mark.parametrize("f", [np.sin, 3, "cube", X.sum])
def test_what_is_no_function_of_the_users(f):
    with pytest.raises(s2sad.BadCall):
        s2sad.grad(f)


def test_any_number_of_arguments():
    def f(x, *rest):
        return x

    with pytest.raises(s2sad.UnsupportedSyntax, match=r"\*rest"):
        s2sad.differentiate(f)


def test_attributes_copied_by_wraps_do_not_confuse_two_functions():
    import functools

    s2sad.grad(cube)(1.0)

    @functools.wraps(cube)
    def tripled(x):
        return 3.0 * x

    assert s2sad.grad(tripled)(1.0) == 3.0

    def same_name(x):
        return x * x

    inner = same_name

    @functools.wraps(inner)
    def same_name(x):
        return 3.0 * inner(x)

    assert s2sad.value_and_grad(same_name)(2.0) == (12.0, 12.0)
