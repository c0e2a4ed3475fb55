"""Types found on the IR against numba's own inference of the printed function: the whole maps, name by name."""
import contextlib
import importlib
import itertools
import pkgutil
import random
import sys

import numba
import numpy as np
import pytest
from numba import boolean, complex128, float32, float64, int32, int64, types, uint64

from s2sad import driver
from s2sad.errors import S2sadError
from s2sad.frontend import UserFunction, lower_function
from s2sad.runtime.helpers import dispatchers
from tests import derivatives
from tests.algorithms.test_algorithms import CASES as ALGORITHMS
from tests.derivatives.programs import CASES
from tests.execution import user_function
from tests.fuzz.generator import generate

for _found in pkgutil.iter_modules(derivatives.__path__):
    if _found.name.startswith("programs_"):
        importlib.import_module(f"tests.derivatives.{_found.name}")

infer = sys.modules["s2sad.frontend.infer"]


@pytest.fixture
def compared(monkeypatch):
    """Both are asked; how often each of them had an answer."""
    counts = {"direct": 0, "all": 0}
    direct = infer.directly

    def counting(*args):
        found = direct(*args)
        counts["all"] += 1
        counts["direct"] += found is not None
        return found

    monkeypatch.setattr(infer, "check_types", True)
    monkeypatch.setattr(infer, "directly", counting)
    return counts


def prepare(user, args):
    with contextlib.suppress(S2sadError):
        driver.prepare(user, tuple(numba.typeof(a) for a in args))


def test_programs_and_algorithms(compared):
    for f, args, _ in itertools.islice((CASES | ALGORITHMS).values(), 2, None, 9):
        prepare(user_function(f), args)
    assert compared["direct"] > 0.5 * compared["all"] > 20


def test_random_programs(compared):
    for number in range(30):
        program = generate(random.Random(f"types {number}").randbytes(300))
        prepare(UserFunction.from_callable(program.function()), program.args)
    assert compared["direct"] > 0.7 * compared["all"] > 20


# ---------------------------------------------------------------------------- what numba types in a way of its own

def grows_to_float(x, n):
    s = 0
    for i in range(n): s = s + x
    return s


def integer_then_float(x, n):
    k = n // 2
    y = k * 3
    k = x * 0.5
    return y + k


def versions_in_branches(x, n):
    if n > 2: k = 1
    else: k = x
    if n > 3: j = k
    else: j = 2
    return j + k, n // 2


def truth_and_integer(x, n):
    b = x > 1.0
    if n > 1: b = n
    return b * x


def counts_trips(x, n):
    k = 0
    while k < n:
        if x > k * 1.5: break
        k += 1
    return k * x


def counter_of_another_type(x, n):
    s = 0.0
    for i in range(n): s += x * i
    for i in range(3): s += i
    return s


def conditional_expression(x, n):
    y = 1 if x > 0.0 else x
    z = 1 if n > 0 else 2
    return y * z


def left_unassigned(x, n):
    for i in range(n):
        if i > 3: y = x * i
    return y


def assigned_and_raised(x, n):
    s = 1
    for i in range(n):
        if i > 7:
            s = 2.5
            raise ValueError("too many")
        x = x + s
    return x


def swapped(x, n):
    a, b = x, 1
    for i in range(n): a, b = b, a
    return a - b


def powers(x, n):
    z = x ** n + x ** 2 + n ** 2
    return z - x * 3 + abs(z)


def remainders(x, n):
    return x % 3 + x // n + min(x, 1) + max(n, 2)


def small_and_signed(x, n):
    return (n + 1) * x + n * n - (n << 1) + (-n) // 2


SCALARS = [grows_to_float, integer_then_float, versions_in_branches, truth_and_integer, counts_trips,
           counter_of_another_type, conditional_expression, left_unassigned, assigned_and_raised, swapped]


def elements(x, n):
    y = x[::2]
    y[0] += 1
    z = np.zeros((n, 2), np.float32)
    z[0] = 2
    z[..., 1] *= 0.5
    w = x[:, None] * z[0, 0]
    k = np.array([1, n])
    return np.sum(w) + y[-1] + z.shape[0] + x.size + k[0] + np.float32(2.5)


def whole_arrays(x, n):
    y = x
    for i in range(n): y = y * 2
    m = x > 1
    return y[m].sum() + np.where(m, x, 0).mean() + x.astype(np.int64)[0] + x.copy().T[0] + np.dot(x, y)


def in_place(x, n):
    y = np.empty_like(x)
    y[:] = x
    y *= 2
    y -= x
    return len(y) + y.dot(x), np.linspace(0, 1, n)


ARRAYS = [elements, whole_arrays, in_place]


def ask_both(f, kinds):
    user = UserFunction.from_callable(f)
    fn = lower_function(user)
    given = dict(zip(fn.params, kinds))
    found = infer.directly(fn, given, dispatchers())
    try:
        asked = infer.by_printing(fn, given, dispatchers())
    except S2sadError:
        assert found is None
        return None
    assert found is None or found == asked
    return found


@pytest.mark.parametrize("f", [*SCALARS, remainders])
def test_scalars(f):
    found = [ask_both(f, kinds) for kinds in itertools.product((float64, float32), (int64, int32, uint64, boolean))]
    assert any(found)


@pytest.mark.parametrize("f", [powers, small_and_signed])
def test_operators(f):
    found = [ask_both(f, kinds) for kinds in itertools.product(
        (float64, float32, int64, complex128, boolean), (int64, int32, uint64, boolean, float64))]
    assert any(found)


@pytest.mark.parametrize("f", ARRAYS)
def test_arrays(f):
    found = [ask_both(f, (kind, int64)) for kind in (float64[::1], float64[:], float32[::1], int64[::1], boolean[::1],
                                                     complex128[::1], float64[:, ::1])]
    assert any(found)


def test_a_readonly_array_is_not_written():
    def f(x, n):
        x[0] = 1.0
        return x[n]

    assert ask_both(f, (types.Array(float64, 1, "C", readonly=True), int64)) is None
    assert ask_both(f, (float64[::1], int64)) is not None


# ---------------------------------------------------------------------------- what is left to numba

def test_branches_that_numba_prunes():
    def literal(x, n):
        k = 3
        if k > 2: y = x
        else: y = None
        return y

    def flag(x, n):
        deep = False
        if deep: y = x[0]
        else: y = x
        return y * n

    def version(x, n):
        k = n
        y = k * x
        k = 3
        if k < 4: return y
        return y[0]

    for f in (literal, flag, version):
        assert ask_both(f, (float64, int64)) is None
        assert infer.by_printing(lower_function(UserFunction.from_callable(f)), {"x": float64, "n": int64})


def test_missing_arguments():
    def f(x, n=None):
        if n is None: return x
        return x * n

    assert ask_both(f, (float64, types.Omitted(None))) is None
    assert ask_both(f, (float64, types.Optional(int64))) is None


def test_errors_are_numbas():
    def element_of_number(x, n): return x[0]
    def array_and_number(x, n):
        y = x
        if n > 1: y = np.zeros(3)
        return y
    def unknown(x, n): return np.sum(x, axis=5.0)
    def wrong_index(x, n):
        y = np.zeros(3)
        return y[x]

    for f in (element_of_number, array_and_number, unknown, wrong_index):
        assert ask_both(f, (float64, int64)) is None
        with pytest.raises(S2sadError):
            infer.infer(lower_function(UserFunction.from_callable(f)), {"x": float64, "n": int64})
