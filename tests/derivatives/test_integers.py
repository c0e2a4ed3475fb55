"""Integer arithmetic in compiled derivatives is numba's: wrapping, signs of quotients, shifts, narrow types, casts."""
import numpy as np
import pytest
from numba import njit

import s2sad

X = np.array([1.3, 0.7, 1.7, 0.4])


def mixed(x, m, n, k, u, out):
    """Every result goes to ``out``; the sum weighs it with something active."""
    out[0] = m // n
    out[1] = m % n
    out[2] = (-m) // n + (-m) % n
    out[3] = m >> 2
    out[4] = (m << 3) ^ n
    out[5] = (m & 12) | (n ^ 5)
    out[6] = ~m
    out[7] = m * m * m
    out[8] = (m > n) + (m < n) * True
    out[9] = k * k + k // 3 - k % 3
    out[10] = u + m
    out[11] = u // 3 + (u >> 1)
    out[12] = int(x[0] * m) + int(-x[1] * n)
    out[13] = abs(m) * max(m, n) - min(k, n)
    out[14] = np.int32(m) * np.int32(7) + np.int8(m)
    out[15] = m ** 3 + 2 ** 5
    out[16] = -m if m % 2 == 0 and not n % 2 else m - n
    out[17], out[18] = divmod(m, n)
    out[19] = round(x[0] * m) + np.floor(x[1] * n)
    h = 1469598103934665603
    for i in range(5):
        h = (h ^ (m + i)) * 1099511628211
    out[20] = h % 1000003
    c = 0
    for i in range(abs(n)):
        c = c * 3 + m
        if c & 1:
            c >>= 1
        else:
            c += k
    out[21] = c
    s = x[0]
    for i in range(22):
        s = s * 0.5 + out[i] * x[i % 4] * 1e-3 + x[(i * m) % 4] * s * 0.1
    return s


primal = njit(mixed)


@pytest.mark.parametrize("m, n", [(7, 3), (-7, 3), (7, -3), (-8, -3), (123456789, 4), (2**40 + 1, -5)])
def test_integers_are_numbas(m, n):
    args = (m, n, np.int32(-11), np.uint8(250))
    want = primal(X, *args, np.zeros(22))
    value, gradient = s2sad.value_and_grad(mixed, wrt="x")(X, *args, np.zeros(22))
    assert value == want
    tangent, d = s2sad.jvp(mixed, (X, *args, np.zeros(22)), (X, *[None] * 5))
    assert tangent == want
    assert d == pytest.approx(gradient @ X, rel=1e-12)
    if abs(m) > 100:
        return                      # differences would climb the stairs of int(x * m)
    h = 1e-6
    for k in range(4):
        step = np.eye(4)[k] * h
        up, down = (primal(X + sign * step, *args, np.zeros(22)) for sign in (1, -1))
        assert gradient[k] == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=1e-4 * max(1.0, abs(want)))


def wraps(x, n):
    k = 2**62
    for i in range(n):
        k = k * 3 + 1
        if k < 0:
            k = -k
    return x * (k % 1000)


def test_wrapping_counters():
    for n in (1, 5, 20):
        assert s2sad.value_and_grad(wraps)(2.5, n)[0] == njit(wraps)(2.5, n)
        assert s2sad.grad(wraps)(2.5, n) == njit(wraps)(1.0, n)


def empty_trips(x, n):
    for _ in range(n):
        pass
    return x * n


def test_trips_that_do_nothing_cost_nothing():
    assert s2sad.grad(empty_trips)(2.0, 10**15) == 1e15


def zero_step(x, c):
    s = x
    for i in range(0, 5, c):
        s = s * x + i
    return s


def test_a_step_of_zero_raises():
    with pytest.raises(ValueError):
        s2sad.grad(zero_step)(2.0, 0)
    with pytest.raises(ValueError):
        s2sad.jvp(zero_step, (2.0, 0), (1.0, None))
    # 2 x**5 + ...: s = ((x*x + 0)*x + 2)*x + 4
    assert s2sad.grad(zero_step)(2.0, 2) == pytest.approx(4 * 8.0 + 2.0)
