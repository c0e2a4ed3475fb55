"""The programs of ``programs_complex.py``: both modes against differences in both parts, and against each other.

The inner product of complex numbers is ``Re(conj(b) d)``.
"""
import math

import numpy as np
import pytest

import s2sad
from s2sad import numeric
from s2sad.errors import S2sadError
from tests.derivatives.programs_complex import CASES, M, W, Z
from tests.derivatives.test_programs import as_tuple, close, parameters
from tests.execution import as_input, copied, execute, generate, tangent_arguments

COMPILED = ["powers", "elementary", "elementary_of_cmath", "polar_coordinates", "mandelbrot", "starts_as_a_real_number",
            "products", "parts_of_arrays_written", "sums_of_little", "names_of_the_compiler"]


def inner(b, d):
    return float(np.sum(np.real(np.conj(b) * d)))


def direction(rng, a):
    d = rng.normal(size=np.shape(a))
    if np.iscomplexobj(a):
        d = d + 1j * rng.normal(size=np.shape(a))
    return d if isinstance(a, np.ndarray) else d.item() if hasattr(d, "item") else d


@pytest.fixture(scope="module")
def reference():
    known = {}

    def of(name):
        if name not in known:
            f, args, wrt = CASES[name]
            with np.errstate(all="ignore"):
                found = numeric.gradient(f, copied(args), wrt=wrt if len(wrt) > 1 else wrt[0])
            known[name] = as_tuple(found.value, wrt)
        return known[name]

    return of


@pytest.mark.parametrize("name", CASES)
def test_reverse(name, reference):
    f, args, wrt = CASES[name]
    generated = generate(f, args, "value_and_grad", wrt)
    arguments = copied(args)
    value, gradient = execute(generated)[generated.name](*arguments)
    assert value == pytest.approx(f(*copied(args)), rel=1e-12, abs=1e-12)
    for before, after in zip(args, arguments):
        assert np.array_equal(before, after), "the caller's arrays are untouched"
    for got, want, w in zip(as_tuple(gradient, wrt), reference(name), wrt):
        assert np.shape(got) == np.shape(want)
        assert np.iscomplexobj(got) == np.iscomplexobj(args[parameters(f).index(w)])
        assert close(got, want, 1e-8), (w, got, want)


@pytest.mark.parametrize("name", CASES)
def test_forward_agrees_with_reverse(name):
    f, args, wrt = CASES[name]
    rng = np.random.default_rng(7)
    tangents = {w: direction(rng, args[parameters(f).index(w)]) for w in wrt}
    forward = generate(f, args, "tangent", wrt)
    value, d_value = execute(forward)[forward.name](*tangent_arguments(forward, args, tangents))
    backward = generate(f, args, "grad", wrt)
    gradient = as_tuple(execute(backward)[backward.name](*copied(args)), wrt)
    want = sum(inner(g, tangents[w]) for w, g in zip(wrt, gradient))
    assert value == pytest.approx(f(*copied(args)), rel=1e-12, abs=1e-12)
    assert close(d_value, want, 1e-12), (d_value, want)


@pytest.mark.parametrize("name", CASES)
def test_pullback_is_repeatable(name, reference):
    f, args, wrt = CASES[name]
    generated = generate(f, args, "vjp", wrt)
    forward, reverse = (execute(generated)[entry] for entry in generated.entries)
    arguments = copied(args)
    _, saved = forward(*arguments)
    for a in arguments:
        if isinstance(a, np.ndarray):
            a[...] = np.nan
    first, again, doubled = reverse(saved, (1.0,)), reverse(saved, (1.0,)), reverse(saved, (2.0,))
    for got, same, twice, want in zip(first, again, doubled, reference(name)):
        assert close(got, want, 1e-8), (got, want)
        assert np.array_equal(got, same)
        assert close(twice, 2.0 * np.asarray(want), 1e-8)


@pytest.mark.parametrize("name", CASES)
def test_each_parameter_alone(name):
    f, args, _ = CASES[name]
    rng = np.random.default_rng(11)
    for k, p in enumerate(parameters(f)):
        if not isinstance(args[k], (float, complex, np.ndarray)):
            continue
        d = direction(rng, args[k])
        forward = generate(f, args, "tangent", (p,))
        _, d_value = execute(forward)[forward.name](*tangent_arguments(forward, args, {p: d}))
        backward = generate(f, args, "grad", (p,))
        assert close(d_value, inner(execute(backward)[backward.name](*copied(args)), d), 1e-12), p


@pytest.mark.parametrize("name", COMPILED)
def test_compiled(name, reference):
    f, args, wrt = CASES[name]
    value, gradient = s2sad.value_and_grad(f, wrt=wrt)(*copied(args))
    assert value == pytest.approx(f(*copied(args)), rel=1e-12, abs=1e-12)
    rng = np.random.default_rng(3)
    tangents = [direction(rng, a) if p in wrt else None for p, a in zip(parameters(f), args)]
    _, d_value = s2sad.jvp(f, tuple(copied(args)), tuple(tangents))
    want = 0.0
    for w, got, right in zip(wrt, gradient, reference(name)):
        assert close(got, right, 1e-8), (w, got, right)
        assert np.asarray(got).dtype == np.asarray(args[parameters(f).index(w)]).dtype
        want += inner(got, tangents[parameters(f).index(w)])
    assert close(d_value, want, 1e-12), (d_value, want)


# ---------------------------------------------------------------- second order

SECOND = ["four_operations", "real_argument", "parts_taken", "sizes_and_angles", "conjugate_of_everything",
          "elementary", "elementary_of_cmath", "mandelbrot", "horner", "array_statements", "products",
          "squared_in_place", "parts_of_arrays_written", "stores_of_real_numbers"]


@pytest.mark.parametrize("name", SECOND)
def test_forward_over_reverse(name):
    """The tangent of the gradient against differences of the gradient, and its symmetry."""
    f, args, wrt = CASES[name]
    p = wrt[0]
    k = parameters(f).index(p)
    backward = generate(f, args, "grad", (p,))
    gradient = execute(backward)[backward.name]
    second = generate(as_input(backward), args, "tangent", (p,))
    run = execute(second)[second.name]
    rng = np.random.default_rng(5)
    u, v = direction(rng, args[k]), direction(rng, args[k])
    _, hu = run(*tangent_arguments(second, args, {p: u}))
    _, hv = run(*tangent_arguments(second, args, {p: v}))
    moved = copied(args)

    def along(h):
        moved[k] = args[k] + h * u
        return gradient(*copied(moved))

    h = 2.0 ** -10
    fine, coarse = (along(h) - along(-h)) / (2 * h), (along(2 * h) - along(-2 * h)) / (4 * h)
    want = fine + (fine - coarse) / 3
    assert close(hu, want, 2e-6), (hu, want)
    assert inner(hu, v) == pytest.approx(inner(hv, u), rel=1e-9, abs=1e-9)




def test_forward_over_reverse_compiled():
    f, args, _ = CASES["horner"]
    gradient = s2sad.grad(f, wrt="a")
    d = np.array([0.3 - 1j, 0.2, 1j, -0.5])
    _, hd = s2sad.jvp(gradient, args, (d, None))
    h = 1e-5
    want = (gradient(args[0] + h * d, args[1]) - gradient(args[0] - h * d, args[1])) / (2 * h)
    assert close(hd, want, 1e-8)


# ---------------------------------------------------------------- complex results

def several_results(z, x, a):
    w = a @ z + x
    return w * np.conj(z), np.exp(1j * x) * z[0], abs(x) * x, w[1].imag


def no_result(z, out):
    for i in range(z.shape[0]):
        out[i] = z[i] * out[i] + 1j


def test_complex_cotangents():
    args = (Z[:3].copy(), 0.7, M)
    rng = np.random.default_rng(2)
    tangents = tuple(direction(rng, a) for a in args)
    value, d = s2sad.jvp(several_results, args, tangents)
    same, pullback = s2sad.vjp(several_results, *args)
    cotangent = tuple(direction(rng, v) for v in value)
    gradient = pullback(cotangent)
    assert [np.iscomplexobj(g) for g in gradient] == [True, False, True]
    left = sum(inner(b, v) for b, v in zip(cotangent, d))
    assert left == pytest.approx(sum(inner(g, t) for g, t in zip(gradient, tangents)), rel=1e-12)
    h = 2.0 ** -17
    for at in range(4):
        there, back = (several_results(*[a + s * h * t for a, t in zip(args, tangents)])[at] for s in (1, -1))
        assert close(d[at], (there - back) / (2 * h), 1e-8)
    for got, want in zip(value, several_results(*args)):
        assert close(got, want, 1e-13)


def test_cotangents_of_outputs():
    args = (Z, W)
    rng = np.random.default_rng(4)
    t = direction(rng, Z), direction(rng, W)
    b = direction(rng, W)
    _, (d,) = s2sad.jvp(no_result, args, t, outputs="out")
    _, pullback = s2sad.vjp(no_result, *args, outputs="out")
    assert inner(b, d) == pytest.approx(sum(inner(g, v) for g, v in zip(pullback((b,)), t)), rel=1e-12)


def squared(z):
    return z * z


def test_the_sign_convention():
    """The gradient is d/dRe + i d/dIm; the pullback of a holomorphic function is multiplication by the conjugate."""
    assert s2sad.grad(squared_size)(3.0 + 4.0j) == pytest.approx(2 * (3.0 + 4.0j))
    _, pullback = s2sad.vjp(squared, 1.0 + 2.0j)
    (g,) = pullback(1j)
    assert g == pytest.approx(np.conj(2 * (1.0 + 2.0j)) * 1j)


def squared_size(z):
    return z.real * z.real + z.imag * z.imag


# ---------------------------------------------------------------- single precision

def single(z, x):
    v = np.zeros_like(z)
    for i in range(z.shape[0]):
        v[i] = z[i] * z[i - 1] * x
    return np.sum(v).real + abs(np.sum(v * np.conj(z)))


def single_scalar(z):
    return abs(z * z) + (np.complex64(2j) * z).imag


def test_single_precision_is_kept():
    z, x = Z.astype(np.complex64), np.float32(0.7)
    g, g_x = s2sad.grad(single, wrt=("z", "x"))(z, x)
    assert (g.dtype, type(g_x)) == (np.complex64, np.float32)
    wide, wide_x = s2sad.grad(single, wrt=("z", "x"))(z.astype(np.complex128), float(x))
    assert close(g, wide, 1e-6) and close(g_x, wide_x, 1e-6)
    point = np.complex64(0.3 - 0.4j)
    assert isinstance(s2sad.grad(single_scalar)(point), np.complex64)
    assert isinstance(s2sad.vjp(single_scalar, point)[1](1.0)[0], np.complex64)
    assert s2sad.grad(single_scalar)(point) == pytest.approx(2 * (0.3 - 0.4j) + 2, rel=1e-6)


# ---------------------------------------------------------------- strong zero, points without a derivative

def roots_beside(z):
    return (np.sqrt(z[0]) * z[1] + np.log(z[2] * z[1])).real


def chosen(z):
    s = 0.0
    for i in range(z.shape[0]):
        v = z[i] / 2.0 if z[i] == 0j else np.sqrt(z[i])
        s += abs(v) ** 2
    return s


def overwritten(z):
    v = np.exp(z * 1e4) * np.exp(z * 1e4)
    v = z * z
    return v.imag


def sizes(z):
    return np.sum(np.abs(z))


@pytest.mark.parametrize("compiled", [False, True])
def test_zero_wins_over_an_infinite_partial(compiled):
    def gradient(f, z):
        if compiled:
            return s2sad.grad(f)(z)
        backward = generate(f, (z,), "grad", ("z",))
        with np.errstate(all="ignore"):
            return execute(backward)[backward.name](np.copy(z) if isinstance(z, np.ndarray) else np.complex128(z))

    z = np.array([0.0, 0.0, 2.0]) + 0j
    with np.errstate(all="ignore"):
        g = gradient(root_without_influence, z)
    assert g[0] == 0.0 and g[1] == 0.0 and np.isfinite(g).all()
    g = gradient(chosen, np.array([0j, 4.0, -1.0 + 1j]))
    assert np.isfinite(g).all() and g[0] == 0.0
    assert gradient(overwritten, 1.0 + 1j) == pytest.approx(np.conj(2 * (1 + 1j)) * 1j)
    assert gradient(sizes, np.array([0j, 3.0 + 4.0j])) == pytest.approx(np.array([0.0, 0.6 + 0.8j]))


def root_without_influence(z):
    """The adjoint of the root is zero where the root has no derivative."""
    return (np.sqrt(z[0]) * z[1] * z[1]).real + abs(z[2])


def test_zero_tangent_at_a_vertical_tangent():
    z = np.array([0j, 2.0 + 1j, 1.0])
    value, d = s2sad.jvp(roots_beside, (z,), (np.array([0j, 1.0, 0.0]),))
    assert math.isfinite(d) and d == pytest.approx((1 / z[1]).real)


# ---------------------------------------------------------------- refused

def sign_of(z):
    return np.sign(z).real


def larger(z):
    return np.maximum(z, 1j).real


def returns_complex(z):
    return z * z


def cut_by_type(z, n):
    v = z.real
    s = np.exp(v)
    for _ in range(n):
        v = v * z
    return s + v.real


def update_of_real(z):
    x = np.ones(z.shape[0])
    x *= z
    return np.sum(x)


def several_parts(z, flag):
    w = z.copy()
    r = w.real
    if flag:
        r = w.imag
    r[0] = 2.0
    return np.sum(w.real)


@pytest.mark.parametrize("f, args, code", [
    (sign_of, (1j,), "S2S021"),
    (larger, (2 + 1j,), "S2S021"),
    (returns_complex, (1 + 1j,), "S2S042"),
    (update_of_real, (Z,), "S2S030"),
    (several_parts, (Z, True), "S2S015"),
], ids=lambda a: getattr(a, "__name__", ""))
def test_refused_with_a_place_and_a_hint(f, args, code):
    with pytest.raises(S2sadError) as e:
        s2sad.grad(f)(*args)
    assert e.value.code == code and e.value.loc is not None and e.value.hint


def test_a_name_of_two_types_is_right_or_refused():
    try:
        g = s2sad.grad(cut_by_type)(0.4 + 0.3j, 2)
    except S2sadError as e:
        assert e.code == "S2S022" and e.loc is not None
    else:
        assert close(g, numeric.gradient(cut_by_type, (0.4 + 0.3j, 2)).value, 1e-8)


def waves(x):
    return abs(np.exp(1j * x) + 0.5 * x) + (np.sqrt(x - 3.0 + 0j) * np.exp(2j * x)).imag


def test_reverse_over_reverse():
    """Orders two and three of a real function with complex numbers inside, against mpmath."""
    import mpmath
    second = s2sad.grad(s2sad.grad(waves))
    third = s2sad.grad(second)
    with mpmath.workdps(40):
        def f(x):
            j = mpmath.mpc(0, 1)
            return abs(mpmath.exp(j * x) + x / 2) + mpmath.im(mpmath.sqrt(x - 3) * mpmath.exp(2 * j * x))

        for order, g in ((2, second), (3, third)):
            assert g(0.7) == pytest.approx(float(mpmath.diff(f, 0.7, order)), rel=1e-12)
