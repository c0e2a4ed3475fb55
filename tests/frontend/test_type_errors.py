# ruff: noqa: F821
"""What numba cannot type comes out at the author's place, in words of the author's language.

The comment after a line: what the error says (a part of it), and the text its caret points at.
"""
import inspect
import math
import re

import numpy as np
import pytest
from numba.core.errors import NumbaError

import s2sad
from s2sad.errors import CODES, S2sadError, TypeProblem

INTERNAL = re.compile(
    r"\$|<s2sad|Function\(|Literal\[|UniTuple|array\(|\bt\d+\b|built-in|unicode_type|No implementation")


def nothing(x): x[0] = 1.0


def text_plus_number(x): return "a" + x[0]                      # `+` is not defined for the text 'a' || "a" +
def number_times_text(x): return (x[0] + 2.0 * "a") * 3.0       # `*` is not defined for a float64 || 2.0 * "a"
def power_of_text(x): return x[0] ** "b"                        # `**` is not defined || x[0] **
def compared_with_text(x): return x[0] < "a"                    # `<` is not defined || x[0] <
def shifted(x): return x[0] << 2                                # `<<` is not defined for a float64 || x[0] <<
def inverted(x): return ~x[0]                                   # `~` is not defined for a float64 || ~x[0]
def number_at_array(x): return x[0] @ x                         # `@` is not defined || x[0] @
def number_called(x): return x[0](2.0)                          # this is not a function || x[0](
def no_attribute(x): return x.nope                              # '.nope' || x.nope
def bad_call(x): return np.interp(x, x)                         # 'np.interp' needs 'fp' || np.interp
def unknown_keyword(x): return np.dot(x, x, keepdims=True)      # the keyword `keepdims` || np.dot
def bad_axis(x): return x.sum(axis="a")                         # the axis must be a literal integer || x.sum
def three_axes(x): return np.dot(x, np.ones((3, 3, 3)))         # `dot` cannot be called || np.dot
def unknown_name(x): return x[0] + undefined_name               # 'undefined_name' is not defined || undefined_
def too_many(x): return math.sin(x[0], x[1])                    # `sin` cannot be called with a float64, || math.sin
def too_few(x): return np.arctan2(x[0]) + x[0]                  # `arctan2` cannot be called || np.arctan2
def math_of_array(x): return math.sin(x)                        # `sin` cannot be called with an array || math.sin
def int_of_array(x): return int(x) * x[0]                       # `int` cannot be called with an array || int(x)
def two_indices(x): return x[0, 1]                              # cannot be indexed by a tuple of 2 || x[0, 1]
def float_index(x): return x[1.5]                               # cannot be indexed by a float64 || x[1.5]
def text_index(x): return x["a"]                                # cannot be indexed by the text 'a' || x["a"]
def result_of_nothing(x): return x[0] + nothing(x)              # `+` is not defined for a float64 and None || x[0] +
def length_of_number(x): return len(x[0]) * x[0]                # an array is needed here || len(
def text_of_np(x): return np.exp("a") * x[0]                    # `exp` cannot be called with the text 'a' || np.exp
def absolute_text(x): return abs("a") + x[0]                    # `abs` cannot be called with the text || abs(
def none_in_max(x): return max(x[0], None)                      # None || max(
def text_or_array(x): return np.where(x > 0, "a", x)            # cannot be one value || np.where
def text_or_number(x): return x[0] and "a"                      # a float64 and the text 'a' || return
def none_added(x):
    y = None
    return x[0] + y                                             # `+` is not defined for a float64 and None || x[0] +
def changes_in_loop(x):
    y = x[0]
    for i in range(3):
        y = x                                                   # 'y' holds a float64 and an array || y = x
    return y
def two_kinds_returned(x):
    if x[0] > 0:
        return x
    return x[0]                                                 # the function returns || x[0]
def shape_of_text(x):
    y = np.zeros("a")                                           # `zeros` cannot be called || y = np.zeros
    return x[0] * y[0]
def element_set_to_text(x):
    x[0] = "a"                                                  # cannot be set to the text 'a' || x[0] =
    return x[1]
def element_set_to_array(x):
    y = np.zeros(3)
    y[0] = x                                                    # cannot be set to an array || y[0] =
    return y[0]
def number_unpacked(x):
    a, b = x[0]                                                 # cannot be indexed || a, b
    return a
def number_looped_over(x):
    for k in x[0]:                                              # an array is needed here || for k in
        pass
    return x[0]
def tuple_too_short(x):
    t = (1.0, 2.0)
    return t[5] * x[0]                                          # tuple has 2 elements || t[5]


CASES = [f for f in list(globals().values()) if inspect.isfunction(f) and f is not nothing and f.__module__ == __name__
         and "||" in inspect.getsource(f)]


def expected(f):
    lines, first = inspect.getsourcelines(f)
    for k, text in enumerate(lines):
        code, _, rest = text.rpartition("  # ")
        if "||" in rest:
            what, _, starts = rest.partition(" || ")
            return first + k, text, what.strip(), starts.strip()
    raise AssertionError(f)


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("ask", ["grad", "source", "decorator"])
def test_type_error(f, ask):
    x = np.ones(3)
    with pytest.raises(S2sadError) as caught:
        if ask == "grad":
            s2sad.grad(f)(x)
        elif ask == "source":
            s2sad.source(f, "tangent", x)
        else:
            s2sad.grad(s2sad.differentiate(f))(x)
    e = caught.value
    line, text, what, starts = expected(f)
    assert what in e.what
    assert e.code in CODES
    assert e.loc.file == __file__ and e.loc.line == line
    assert text[e.loc.col:].startswith(starts), text[e.loc.col:]
    assert str(e).split("\n")[2].strip() == "^"
    assert not INTERNAL.search(str(e).replace(text.strip(), "")), str(e)
    assert "\n" not in e.what
    if isinstance(e, TypeProblem):
        assert e.hint


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_type_error_of_the_primal(f):
    try:
        s2sad.differentiate(f)(np.ones(3))
    except TypeProblem as e:
        line, text, what, _ = expected(f)
        assert e.loc.file == __file__ and e.loc.line == line
        # Where we refuse for a reason of our own, numba's words are given.
        assert what in e.what or e.what.startswith(f"numba cannot compile `{f.__name__}`: ")
        assert e.hint and not INTERNAL.search(str(e).replace(text.strip(), "")), str(e)
        assert isinstance(e.__cause__, NumbaError)
    except (S2sadError, ValueError, ZeroDivisionError, IndexError):
        pass                               # numba takes it, and it fails when it runs


def returns_a_closure(x):
    k = x[0]

    def g(t):
        return t * k

    return applied(g, x[1])


def applied(f, t): return f(t)


def test_what_only_numba_refuses():
    x = np.array([2.0, 3.0])
    np.testing.assert_array_equal(s2sad.grad(returns_a_closure)(x), [3.0, 2.0])
    with pytest.raises(TypeProblem, match="numba cannot compile `returns_a_closure`") as caught:
        s2sad.differentiate(returns_a_closure)(x)
    assert isinstance(caught.value.__cause__, NumbaError) and not INTERNAL.search(caught.value.what)
