"""``grad`` and ``value_and_grad``: results, arguments, errors, composition."""
from __future__ import annotations

import numba
import numpy as np
import pytest

import s2sad
from tests.api.programs import cube, ignores, scale, weighted

X = np.array([1.0, 2.0, 3.0])


def test_single_and_tuple_wrt():
    assert np.array_equal(s2sad.grad(weighted)(X, 2.0), 4.0 * X)
    g = s2sad.grad(weighted, wrt=("a", "x"))(X, 2.0)
    assert isinstance(g, tuple) and g[0] == 14.0 and np.array_equal(g[1], 4.0 * X)
    (one,) = s2sad.grad(weighted, wrt=("x",))(X, 2.0)
    assert np.array_equal(one, 4.0 * X)
    value, (one,) = s2sad.value_and_grad(weighted, wrt=["x"])(X, 2.0)
    assert value == 28.0 and np.array_equal(one, 4.0 * X)


def test_the_same_function_gives_the_same_object():
    assert s2sad.grad(weighted) is s2sad.grad(weighted, None)
    assert s2sad.grad(weighted) is not s2sad.grad(weighted, "a")


def test_gradients_have_the_type_of_the_argument():
    x = X.astype(np.float32)
    g, ga = s2sad.grad(weighted, wrt=("x", "a"))(x, np.float32(2.0))
    assert g.dtype == np.float32 and type(ga) is np.float32
    assert type(s2sad.grad(cube)(2.0)) is float
    assert type(s2sad.grad(cube)(np.float64(2.0))) is float


def test_a_parameter_without_influence_gets_zeros():
    z = np.ones((2, 3), np.float32, order="F")
    g = s2sad.grad(ignores, wrt="z")(X, z, 2)
    assert g.shape == (2, 3) and g.dtype == np.float32 and not g.any()


def test_integers_and_booleans_have_no_gradient():
    with pytest.raises(s2sad.BadCall, match="'x' of cube, which is int64"):
        s2sad.grad(cube)(3)
    with pytest.raises(s2sad.BadCall, match="'x' of cube, which is bool"):
        s2sad.grad(cube)(True)
    with pytest.raises(s2sad.BadCall, match="array of int64"):
        s2sad.grad(weighted)(np.arange(3), 2.0)
    with pytest.raises(ValueError, match="'n'"):
        s2sad.grad(ignores, wrt=("x", "n"))(X, X, 2)


def test_complex_and_tuples_where_numbers_are_meant():
    with pytest.raises(s2sad.BadCall, match="returns a complex one|not supported yet"):
        s2sad.grad(cube)(1j)
    with pytest.raises(s2sad.S2sadError, match="a tuple is repeated a literal number of times only"):
        s2sad.grad(cube)((1.0, 2.0))


def test_array_valued_functions_are_sent_elsewhere():
    def doubled(x):
        return 2.0 * x

    with pytest.raises(s2sad.BadCall, match="use s2sad.vjp"):
        s2sad.grad(doubled)(X)


def test_procedures_name_what_they_write_to():
    with pytest.raises(s2sad.BadCall, match="returns nothing; it writes to .?y") as e:
        s2sad.grad(scale)(X, 2.0)
    assert "outputs=" in str(e.value)


def test_calls_are_bound_like_the_functions():
    def f(x, *, a=2.0, b=1.0):
        return a * x + b

    assert s2sad.grad(f)(3.0) == 2.0
    assert s2sad.grad(f, wrt="a")(3.0, b=4.0) == 3.0
    with pytest.raises(s2sad.BadCall, match="missing a required argument: 'x'"):
        s2sad.grad(f)(a=1.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'c'"):
        s2sad.grad(f)(1.0, c=1.0)


def test_lists_are_refused_with_a_hint():
    with pytest.raises(s2sad.S2sadError, match="np.asarray"):
        s2sad.grad(weighted)([1.0, 2.0], 1.0)


def test_strided_read_only_and_unusual_arrays():
    g = s2sad.grad(weighted)
    expected = 4.0 * X
    wide = np.repeat(X, 2)
    still = X.copy()
    still.flags.writeable = False
    swapped = X.astype(X.dtype.newbyteorder())
    reverse = X[::-1].copy()[::-1]
    for x in (wide[::2], still, swapped, reverse):
        result = g(x, 2.0)
        assert np.array_equal(result, expected) and result.dtype == np.float64
    # They are brought into one form, so nothing more was compiled than for a plain array.
    assert len(g._of._done) == len({key[:3] for key in g._of._done})
    with pytest.raises(s2sad.BadCall, match="masked"):
        g(np.ma.masked_array(X), 2.0)


def overwrites(x, y):
    s = 0.0
    for i in range(x.shape[0]):
        x[i] = x[i] * y[i]
        s += x[i] * x[i]
    return s


def test_arguments_are_never_changed():
    x, y = X.copy(), X + 1.0
    gx, gy = s2sad.grad(overwrites, wrt=("x", "y"))(x, y)
    assert np.array_equal(x, X)
    assert np.allclose(gx, 2 * x * y ** 2, rtol=1e-15) and np.allclose(gy, 2 * y * x ** 2, rtol=1e-15)
    value, _ = s2sad.value_and_grad(overwrites, wrt=("x", "y"))(x, y)
    assert value == np.sum((x * y) ** 2) and np.array_equal(x, X)


def test_overlap():
    both = s2sad.grad(overwrites, wrt=("x", "y"))
    memory = np.linspace(1.0, 2.0, 8)
    with pytest.raises(s2sad.BadCall, match="'x' and 'y' of overwrites overlap"):
        both(memory[:4], memory[2:6])
    with pytest.raises(s2sad.BadCall, match="overlap"):
        both(memory, memory)
    # Interleaved columns share an address range and no number.
    pairs = memory.reshape(4, 2)
    assert np.allclose(both(pairs[:, 0], pairs[:, 1])[0], 2 * pairs[:, 0] * pairs[:, 1] ** 2)

    def dot(x, y):
        s = 0.0
        for i in range(x.shape[0]):
            s += x[i] * y[i]
        return s

    # Nothing is written: equal, independent values.
    gx, gy = s2sad.grad(dot, wrt=(0, 1))(X, X)
    assert np.array_equal(gx, X) and np.array_equal(gy, X)


def with_aux(x):
    y = x * x
    return y * x, (y, 7)


def test_has_aux():
    g, (y, n) = s2sad.grad(with_aux, has_aux=True)(2.0)
    assert (g, y, n) == (12.0, 4.0, 7)
    (value, (y, n)), g = s2sad.value_and_grad(with_aux, has_aux=True)(2.0)
    assert (value, g, y, n) == (8.0, 12.0, 4.0, 7)
    with pytest.raises(s2sad.BadCall):
        s2sad.grad(cube, has_aux=True)(2.0)
    with pytest.raises(s2sad.BadCall):
        s2sad.grad(with_aux)(2.0)


def test_gradients_compose():
    second = s2sad.grad(s2sad.grad(cube))
    third = s2sad.grad(second)
    assert (second(2.0), third(2.0)) == (12.0, 6.0)
    assert second.__name__ == "cube_grad_grad"
    # Asked for again, they are found and not made again.
    assert s2sad.grad(s2sad.grad(cube)) is second


def test_second_derivatives_divide_as_the_gradient_does():
    def mean_of_part(x, n):
        return np.mean(x[:n]) * x[0] * x[1]

    def divided(x, n):
        return x * x / n

    gradient = s2sad.grad(mean_of_part)
    x, d = np.array([2.0, 3.0]), np.array([1.0, 0.0])
    assert np.array_equal(s2sad.jvp(gradient, (x, 1), (d, 0))[1], [2.0 * 3.0, 2.0 * 2.0])
    assert np.isnan(s2sad.jvp(gradient, (x, 0), (d, 0))[1]).all()       # the mean of nothing is NaN, and no error
    with pytest.raises(ZeroDivisionError):
        s2sad.grad(s2sad.grad(divided))(1.0, 0)

    def mixed(x, y):
        return x * x * y * y * y

    assert s2sad.grad(s2sad.grad(mixed, wrt="x"), wrt="y")(2.0, 3.0) == 2 * 2.0 * 3 * 9.0
    decorated = s2sad.differentiate(mixed, wrt="y")
    assert s2sad.grad(decorated.grad)(2.0, 3.0) == 6.0 * 4.0 * 3.0


def test_usable_in_compiled_functions():
    g, both = s2sad.grad(cube), s2sad.value_and_grad(weighted, wrt=("x",))

    @numba.njit
    def newton(x, wide):
        for _ in range(30):
            x -= (x * x * x - 8.0) / g(x)
        value, (gx,) = both(wide[::2], 2.0)
        return x, value, gx

    x, value, gx = newton(1.0, np.repeat(X, 2))
    assert abs(x - 2.0) < 1e-14 and value == 28.0 and np.array_equal(gx, 4.0 * X)


def test_small_overhead():
    import timeit
    g = s2sad.grad(cube)
    g(2.0)
    each = min(timeit.repeat(lambda: g(2.0), number=2000, repeat=5)) / 2000
    assert each < 30e-6


def frozen(x):
    x = x.copy()
    x.flags.writeable = False
    return x


class Marked(np.ndarray):
    """An array of a class of its own."""


LIKE = [X, frozen(X), np.repeat(X, 2)[::2], X[::-1], X.astype(">f8"), X.view(Marked), X.astype(np.float32)]


def test_calls_after_calls_with_other_arguments():
    """A call like an earlier one takes a shorter way, and no other call does."""
    g = s2sad.grad(weighted)
    for k in (3, 0, 1, 0, 2, 6, 4, 0, 5):
        for a in (2.0, np.float64(3.0), 4):
            got = g(LIKE[k], a)
            assert np.array_equal(got, 2.0 * a * np.asarray(LIKE[k], np.float64)), (k, a)
            assert got.dtype == LIKE[k].dtype.newbyteorder("=") and type(got) is np.ndarray
    assert np.array_equal(g(X, a=2.0), 4.0 * X)
    for wrong in ((X,), (X, 2.0, 1.0), ("text", 2.0), (X, 2 ** 70), (np.ma.masked_array(X), 2.0)):
        with pytest.raises(s2sad.S2sadError):
            g(*wrong)
