"""Webs, loop variables, inlining and types, seen from outside: the IR as text."""
import threading

import numba
import numpy as np
import pytest
from numba import float64, int64

from s2sad.emit import to_python, unparse
from s2sad.frontend import UserFunction, define_everywhere, infer, lower_function
from s2sad.ir.nodes import Permute
from s2sad.ir.walk import all_names, walk


def lowered(f):
    return lower_function(UserFunction.from_callable(f))


def text(f):
    return unparse(to_python(lowered(f)))


def same_text(f, expected):
    lines = [line[4:] for line in expected.strip("\n").split("\n")]
    assert text(f) == "\n".join(lines).rstrip()


def helper(a, b):
    t = a * b
    return t + a


def test_inlined_helper_and_readable_names():
    def f(x, t):
        return helper(x, 2.0 * t)

    same_text(f, """
    def f(x, t):
        b = 2.0 * t
        helper_t = x * b
        t1 = helper_t + x
        return t1
    """)


def test_swap_is_a_permutation():
    def f(u, v, n):
        for t in range(n):
            u, v = v, u
        return u[0]

    assert any(isinstance(s, Permute) for s in walk(lowered(f).body))


def test_loop_variable_read_after_the_loop():
    def f(n):
        for i in range(n):
            pass
        return i

    same_text(f, """
    def f(n):
        for counter in range(n):
            i = counter
        return i
    """)


def test_sibling_loops_share_a_name():
    def f(x, n):
        s = 0.0
        for i in range(n): s += x[i]
        for i in range(n): s += i
        return s

    names = all_names(lowered(f))
    assert "i" in names and "i_1" not in names


def test_webs_merge_only_where_a_use_sees_both():
    def f(x, n):
        if n > 1: a = 1.0
        else: a = 2.0
        b = a
        a = x
        for k in range(n): a = a * 2.0
        return a, b

    types, result = infer(lowered(f), {"x": float64[::1], "n": int64})
    assert types["a"] == float64 and types["a_1"].ndim == 1


def test_types_of_literals_and_versions():
    def f(n):
        s = 0
        for i in range(n): s = s + 1.5
        k = 3
        return s, k

    types, result = infer(lowered(f), {"n": int64})
    assert types["s"] == float64 and types["k"] == int64 and types["i"] == int64
    assert result == numba.types.Tuple((float64, int64))


def test_procedure_has_type_none():
    def f(x): x[0] = 1.0
    assert infer(lowered(f), {"x": float64[::1]})[1] == numba.types.none


def test_helpers_are_given():
    def f(x): return x

    fn = lowered(f)
    from s2sad.ir.nodes import Assign, Function, Op
    fn = Function("f", ("x",), (Assign("z", Op("zmul", ("x", "x"))),), "z")
    assert infer(fn, {"x": float64}, {"zmul": numba.njit(lambda b, p: b * p)})[1] == float64


def test_omitted_default():
    def f(x, k=None):
        if k is None: y = x * 2.0
        else: y = x * k
        return y

    types, result = infer(lowered(f), {"x": float64, "k": numba.types.Omitted(None)})
    assert result == float64


def test_names_unassigned_on_a_path_get_a_zero():
    def f(x, n):
        for i in range(n):
            if x[i] > 1.0: return x[i]
        return 0.5

    fn = lowered(f)
    types, _ = infer(fn, {"x": float64[::1], "n": int64})
    assert unparse(to_python(define_everywhere(fn, types))).split("\n")[1].strip() == "result = 0.0"

    def g(x, n):
        b = 2.0
        if b > 5:
            for i in range(n):
                if x[i] > 1.0: return x[i]
        else:
            n += 1
        y = x[0] * n
        for i in range(n):
            if x[i] > 2.0: z = x[i]
        return y + z

    fn = lowered(g)
    types, _ = infer(fn, {"x": float64[::1], "n": int64})
    assert "z = 0.0" in unparse(to_python(define_everywhere(fn, types)))


def test_threads():
    def f(x, n):
        return np.sum(x * n)

    fn = lowered(f)
    seen = []
    types = {"x": float64[::1], "n": int64}
    threads = [threading.Thread(target=lambda: seen.append(infer(fn, types)[1])) for _ in range(4)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert seen == [float64] * 4


def test_deterministic():
    def f(x, n):
        t = (x[0], (n, 2.0))
        a, (b, c) = t
        return helper(a, b) + helper(c, a)

    assert text(f) == text(f)


@pytest.mark.parametrize("value, printed", [
    (float("inf"), "math.inf"), (-float("inf"), "-math.inf"), (float("nan"), "math.nan"), (-1.5, "-1.5"),
    (1e-300, "1e-300"), (3, "3"), (True, "True"), (1j, "1j"), ("a'b", '"a\'b"'), (np.pi, "math.pi"),
])
def test_literals(value, printed):
    from s2sad.ir.nodes import Const, Function
    assert unparse(to_python(Function("f", (), (), Const(value)))) == f"def f():\n    return {printed}"
