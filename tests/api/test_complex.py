"""Complex arguments and results at the boundary: checks, estimates, kinds of arguments, the command line."""
import cmath

import numpy as np
import pytest

import s2sad
from s2sad import BadCall, numeric
from s2sad.numeric import ComplexStepUnavailable

Z = np.array([1.0 + 0.5j, -0.3 + 1.2j, 0.8 - 0.7j])


def energy(z, x):
    return np.sum(np.abs(z) ** 2 * x) + (z[0] * z[1]).imag


def wave(z, x):
    v = z * np.exp(1j * x)
    return v, v[0] * np.conj(v[1]), x * x


def inner_waves(x):
    return abs(cmath.exp(1j * x) + 0.5) + (cmath.exp(1j * x) * (1.0 + 2j)).real


def update(z, out):
    for i in range(z.shape[0]):
        out[i] = np.conj(out[i]) * z[i]


@pytest.mark.parametrize("order", [1, 2])
def test_check_grads(order):
    s2sad.check_grads(energy, (Z, 0.7), wrt=("z", "x"), order=order)


def test_check_grads_of_complex_results():
    s2sad.check_grads(wave, (Z, 0.7), wrt=("z", "x"))
    s2sad.check_grads(update, (Z, Z[::-1].copy()), wrt=("z", "out"))
    s2sad.check_grads(inner_waves, (0.7,))
    s2sad.check_grads(wave, (Z.astype(np.complex64), np.float32(0.7)), wrt=("z", "x"))


def test_check_grads_finds_an_error_in_an_imaginary_part(monkeypatch):
    from s2sad.api import checking
    right = checking.vjp

    def wrong(*args, **kwargs):
        value, pullback = right(*args, **kwargs)
        return value, lambda b: tuple(np.conj(g) for g in pullback(b))

    monkeypatch.setattr(checking, "vjp", wrong)
    with pytest.raises(s2sad.GradientMismatch, match=r"z\[0\].imag"):
        s2sad.check_grads(energy, (Z, 0.7))


def holomorphic_at(z):
    return (z ** 3).imag


def test_numeric_gradient_moves_both_parts():
    z = 0.7 - 0.4j
    g = numeric.gradient(holomorphic_at, (z,))
    # Im(z**3): d/dRe = Im(3 z**2), d/dIm = Re(3 z**2)
    want = complex((3 * z * z).imag, (3 * z * z).real)
    assert abs(g.value - want) <= 1e-10 and abs(g.value - want) <= 10 * g.error
    e = numeric.gradient(energy, (Z, 0.7), wrt=("z", "x"))
    want = 2 * 0.7 * Z + np.array([1j * np.conj(Z[1]), 1j * np.conj(Z[0]), 0.0])
    assert np.abs(e.value[0] - want).max() < 1e-9


def test_directional_has_the_types_of_the_results():
    d = numeric.directional(wave, (Z, 0.7), (1j * Z, 0.5)).value
    assert [np.iscomplexobj(v) for v in d] == [True, True, False]
    assert np.abs(d[0] - 1.5j * Z * np.exp(0.7j)).max() < 1e-9
    assert d[2] == pytest.approx(0.7)


def test_the_complex_step_refuses_functions_with_complex_numbers_of_their_own():
    for f in (inner_waves, with_global):
        with pytest.raises(ComplexStepUnavailable):
            numeric.gradient(f, (0.7,), method="complex-step")
        assert numeric.directional(f, (0.7,), (1.0,)).method == "ridders"


UNIT = 1j


def with_global(x):
    return abs(UNIT * x + 2.0)


def test_grad_of_a_complex_function_is_an_error_with_advice():
    with pytest.raises(BadCall, match="complex one") as e:
        s2sad.grad(lambda z: z * z)(1j)
    assert e.value.code == "S2S042" and ".real" in e.value.hint and "vjp" in e.value.hint


def test_tangents_and_cotangents_have_to_fit():
    with pytest.raises(BadCall, match="a real number"):
        s2sad.jvp(energy, (Z, 0.7), (None, 1j))
    with pytest.raises(BadCall, match="complex128"):
        s2sad.jvp(energy, (Z, 0.7), (np.ones(3), None))
    value, pullback = s2sad.vjp(wave, Z, 0.7)
    with pytest.raises(BadCall, match="a real number"):
        pullback((None, None, 1j))
    g, _ = pullback((None, 2, None))          # a real cotangent of a complex number is one with imaginary part 0
    assert np.array_equal(g, pullback((None, 2 + 0j, None))[0])


def test_scalars_come_back_as_they_were_given():
    for kind in (complex, np.complex128, np.complex64):
        z = kind(0.3 - 0.4j)
        g = s2sad.grad(holomorphic_at)(z)
        assert isinstance(g, np.complex64 if kind is np.complex64 else complex)
        assert g == pytest.approx(complex((3 * z * z).imag, (3 * z * z).real), rel=1e-5)
    value, d = s2sad.jvp(holomorphic_at, (0.3 - 0.4j,), (1,))
    assert d == pytest.approx((3 * (0.3 - 0.4j) ** 2).imag)


def test_where_nothing_depends_the_gradient_is_a_complex_zero():
    g = s2sad.grad(lambda z, x: x * x, wrt="z")(1j, 2.0)
    assert isinstance(g, complex) and g == 0


def test_low_level_functions_take_complex_numbers():
    assert s2sad.tangent(holomorphic_at)(1.0 + 1j, 1.0 + 0j)[1] == pytest.approx(6.0)
    assert s2sad.adjoint(holomorphic_at)(1.0 + 1j, 1.0) == pytest.approx(6.0)
    b = np.zeros(3, np.complex128)
    gradient = s2sad.adjoint(energy, wrt=("z", "x"))(Z, b, 0.7, 1.0)
    assert gradient == pytest.approx(np.sum(np.abs(Z) ** 2))
    assert b == pytest.approx(numeric.gradient(energy, (Z, 0.7)).value)


def test_second_order_of_a_complex_argument():
    gradient = s2sad.grad(holomorphic_at)
    z, t = 0.7 - 0.4j, 0.2 + 1.1j
    value, d = s2sad.jvp(gradient, (z,), (t,))
    # the gradient of Im(z**3) is conj(3 z**2) * 1j
    assert value == pytest.approx(np.conj(3 * z * z) * 1j)
    assert d == pytest.approx(np.conj(6 * z * t) * 1j)


def test_generated_source_imports_what_it_names(tmp_path):
    source = s2sad.source(inner_waves, "grad", signature="float64")
    assert "import cmath" in source and "s2sad" not in source
    space = {}
    exec(source, space)
    assert space["inner_waves_grad"](0.7) == s2sad.grad(inner_waves)(0.7)


SOURCE = '''
import cmath
from cmath import exp

import numpy as np

TURN = cmath.exp(0.5j) * (1 - 2j)


def spread(z, x):
    v = TURN * exp(1j * x) * z
    s = 0.0
    for i in range(z.shape[0]):
        v[i] = v[i] * cmath.sqrt(z[i]) + x
        s += abs(v[i]) ** 2
    return s + cmath.phase(v[0])
'''


def test_command_line(tmp_path, capsys):
    from s2sad.cli import main
    file = tmp_path / "spread.py"
    file.write_text(SOURCE)
    signature = "complex128[::1], float64"
    assert main(["check", f"{file}:spread", "--wrt", "z,x", "--signature", signature]) == 0
    assert "comparisons agree" in capsys.readouterr().out
    assert main(["emit", f"{file}:spread", "--wrt", "z,x", "--mode", "adjoint,tangent,grad", "--signature", signature,
                 "-o", str(tmp_path / "spread_ad.py")]) == 0
    space = {}
    exec((tmp_path / "spread_ad.py").read_text(), space)
    primal = {}
    exec(SOURCE, primal)
    g_z, g_x = space["spread_grad"](Z, 0.4)
    want = numeric.gradient(primal["spread"], (Z, 0.4), wrt=("z", "x")).value
    assert np.abs(g_z - want[0]).max() < 1e-8 and abs(g_x - want[1]) < 1e-8
