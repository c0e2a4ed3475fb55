"""What is refused, and that the message points at the construct."""
import math

import numpy as np
import pytest
from numba import float64, int64

import s2sad
from s2sad.errors import CODES, S2sadError, TypeProblem, UnsupportedFunction, UnsupportedSyntax
from s2sad.frontend import UserFunction, infer, lower_function

BIG = np.zeros(100)
LIST = [1, 2]
THING = object()
ARGS = {"x": float64[::1], "n": int64}


def first(a): return a[0]


def sine_of_array(x, n): return 1.0 + math.sin(x)                   # TypeProblem S2S030 math.sin
def copy_in_an_order(x, n): return np.sum(x.copy(order="C"))        # TypeProblem S2S030 x.copy
def two_indices(x, n): return x[0, 1]                               # TypeProblem S2S030 x[0, 1]
def inside_helper(x, n): return first(n)                            # TypeProblem S2S030 a[0]
def rank(x, n): a, b = x.shape; return a + b                        # TypeProblem S2S030 a, b
def unknown_function(x, n): return np.foo(x)                        # UnsupportedSyntax S2S003 np.foo
def undefined(x, n): return nope(x)                                 # noqa: F821 # UnsupportedSyntax S2S003 nope
def large_table(x, n): return BIG[n]                                # UnsupportedSyntax S2S002 BIG
def write_global(x, n): BIG[0] = 1.0                                # UnsupportedSyntax S2S002 BIG[0]
def global_list(x, n): return LIST[n]                               # UnsupportedFunction S2S010 LIST
def thing(x, n): return THING.a                                     # UnsupportedFunction S2S010 THING
def builtin(x, n): return sorted(x)                                 # UnsupportedFunction S2S010 sorted
def comprehension(x, n): return sum(k for k in x)                   # UnsupportedSyntax S2S002 (k
def tuple_index(x, n): t = (1.0, (2.0,)); return t[n]               # UnsupportedSyntax S2S007 t[n]
def too_many(x, n): return first(x, 1)                              # UnsupportedSyntax S2S012 first(
def no_such_keyword(x, n): return first(x, b=1)                     # UnsupportedSyntax S2S012 first(
def with_statement(x, n):
    with x: pass                                                    # UnsupportedSyntax S2S002 with
def method(x, n): return x.tobytes()                                # UnsupportedSyntax S2S002 x.tobytes
def attribute(x, n): return x.nbytes                                # UnsupportedSyntax S2S002 x.nbytes
def some_paths(x, n):
    if n: return 1.0
    return                                                          # UnsupportedSyntax S2S005 return
def falls_through(x, n):
    for i in range(n):
        if i > 2: return 1.0                                        # UnsupportedSyntax S2S005 return
def global_statement(x, n): global BIG; BIG = x                     # UnsupportedSyntax S2S001 BIG
def star(x, n): return first(*x)                                    # UnsupportedSyntax S2S007 *x
def contains(x, n): return x[0] if n in x else 0.0                  # UnsupportedSyntax S2S002 x else
def text_of_error(x, n): raise ValueError(f"{abs(n)}")              # UnsupportedSyntax S2S002 f"
def read_early(x, n): z = z + 1; return z                           # noqa: F821 # UnsupportedSyntax S2S008 z = z
def mixed_tuple(x, n):
    t = (1.0, 2.0)
    for i in range(n): t = 3.0                                      # UnsupportedSyntax S2S007 for
    return t
def type_change(x, n):
    if n: y = x
    else: y = 1.0                                                   # TypeProblem S2S031 y =
    return y
def unpack(x, n): a, b = (1, 2, 3); return a + b                    # UnsupportedSyntax S2S002 a, b


CASES = [f for f in list(globals().values())
         if getattr(f, "__code__", None) and f.__code__.co_varnames[:2] == ("x", "n")]


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_refused_where_it_stands(f):
    with pytest.raises(S2sadError) as caught:
        infer(lower_function(UserFunction.from_callable(f)), ARGS)
    e = caught.value
    code, _, comment = e.loc.text.rpartition("# ")
    if f is inside_helper:
        assert e.loc.text.startswith("def first(a)") and e.loc.text[e.loc.col:].startswith(("a[0]", "return"))
        return
    kind, number, starts = comment.split(" ", 2)
    assert type(e).__name__ == kind and e.code == number in CODES
    assert code[e.loc.col:].startswith(starts), f"points at {code[e.loc.col:]!r}"
    assert str(e).startswith(f"{e.loc.file}:{e.loc.line}:{e.loc.col + 1}: error[{number}]: ")


def test_not_a_function():
    with pytest.raises(UnsupportedFunction):
        UserFunction.from_callable(np.sin)
    space = {}
    exec("def f(x): return x", space)
    with pytest.raises(UnsupportedSyntax, match="S2S006"):
        UserFunction.from_callable(space["f"])


def test_numba_text_is_the_cause():
    with pytest.raises(TypeProblem) as caught:
        infer(lower_function(UserFunction.from_callable(sine_of_array)), ARGS)
    assert "numba" not in caught.value.what and caught.value.__cause__ is not None


def keywords_make_arrays(x):
    y = np.full(shape=4, fill_value=x[0])
    z = np.zeros(shape=4)
    z[1] = x[1]
    return np.sum(y * y) + np.sum(np.ones_like(a=z) * z) + np.full(3, fill_value=x[2])[1]


def test_arguments_of_new_arrays_may_be_keywords():
    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(s2sad.grad(keywords_make_arrays)(x), [8.0, 1.0, 1.0])


def step_of_zero(x):
    return np.sum(x[0:2:0])


def test_a_step_of_zero_is_refused_where_it_stands():
    with pytest.raises(UnsupportedSyntax, match="step of a slice is zero") as e:
        s2sad.grad(step_of_zero)(np.ones(3))
    assert e.value.loc.text.strip() == "return np.sum(x[0:2:0])"
