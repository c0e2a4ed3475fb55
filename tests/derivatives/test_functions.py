"""Functions as values and functions inside functions: compiled, differentiated twice, and what is refused."""
import math

import numpy as np
import pytest

import s2sad
from s2sad import numeric
from tests.derivatives import programs_functions as programs
from tests.execution import copied, generate

COMPILED = [(programs.captures_late, (1.3, 0.7)), (programs.chosen_at_run_time, (1.3,)), (programs.walrus, (1.3,)),
            (programs.writes_a_captured_array, (programs.X,)), (programs.mutating_functions_passed, (programs.X,)),
            (programs.root_of_a_closure, (1.9,)), (programs.nonlocal_counter, (1.3,))]


@pytest.mark.parametrize("f, args", COMPILED, ids=lambda v: getattr(v, "__name__", ""))
def test_compiled_and_second_derivatives(f, args):
    want = numeric.gradient(f, copied(args))
    value, got = s2sad.value_and_grad(f)(*copied(args))
    assert value == pytest.approx(f(*copied(args)), rel=1e-13)
    np.testing.assert_allclose(got, want.value, rtol=1e-9, atol=1e-11)
    direction = np.linspace(0.5, 1.0, 4) if isinstance(args[0], np.ndarray) else 1.0
    again, second = s2sad.jvp(s2sad.grad(f), copied(args), (direction, *(None for _ in args[1:])))
    h = 1e-6

    def at(t):
        return s2sad.grad(f)(args[0] + t * direction, *args[1:])

    np.testing.assert_allclose(again, got, rtol=1e-13)
    np.testing.assert_allclose(second, (at(h) - at(-h)) / (2 * h), rtol=1e-7, atol=1e-7)


# ---------------------------------------------------------------- refused, and where

def changes_its_function(x):
    g = math.sin
    for i in range(3):                              # S2S007
        x = g(x)
        g = math.cos
    return x


def function_as_number(x):
    g = math.sin
    return g + x                                    # S2S023


def function_in_an_array(x):
    return np.sum(np.array((math.sin, math.cos)))   # S2S023


def calls_a_number(x):
    return x(2.0)                                   # S2S023


def function_returned_early(x):
    def pick():
        if x > 1.0:
            return math.sin                         # S2S023
        return math.cos
    return pick()(x)


def calls_itself_inside(x):
    def g(n):
        return x if n <= 0 else g(n - 1) * x        # S2S004
    return g(3)


def decorated_inside(x):
    @s2sad.differentiate                            # S2S002
    def g(v):
        return v * x
    return g(x)


def bound_in_one_operand(x):
    g = math.cos
    if x > 2.0 and (g := math.sin)(x) > 0.0:        # S2S007
        x = x * 2.0
    return g(x)


def never_defined(x):
    for i in range(2):
        if i > 0:
            x = g(x)  # noqa: F821                  # S2S023
        g = math.sin  # noqa: F841
    return x


def assigned_by_the_right_side(x):
    x += (x := x * 2.0)                             # S2S002
    return x


def index_of_functions(x, n=1):
    t = (math.sin, math.cos)
    return t[n](x)                                  # S2S007


def key_arguments(x):
    def g(**given):                                 # S2S002
        return x
    return g(a=x)


REFUSED = [f for f in list(globals().values()) if getattr(f, "__module__", "") == __name__ and "test" not in f.__name__]


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", ["grad", "tangent"])
def test_refused_where_it_stands(f, kind):
    args = (1.3, 1)[:f.__code__.co_argcount]
    with pytest.raises(s2sad.S2sadError) as caught:
        generate(f, args, kind, ("x",))
    e = caught.value
    assert e.loc.text.endswith(f"# {e.code}") and e.hint, str(e)
