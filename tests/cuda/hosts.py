"""Functions that launch kernels, on the simulator with ``NUMBA_ENABLE_CUDASIM=1``, else on a GPU."""
from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from numba import cuda

import s2sad
from s2sad.cuda import host as recorded


@s2sad.differentiate(target="cuda", wrt="u")
def step(new, u, nu):
    i = cuda.grid(1)
    n = u.shape[0]
    if i < n:
        left, right = u[max(i - 1, 0)], u[min(i + 1, n - 1)]
        new[i] = u[i] + nu * (left - 2.0 * u[i] + right) - 0.25 * u[i] * (right - left)


@s2sad.differentiate(target="cuda", wrt="u")
def diffuse(new, u, nu):
    i = cuda.grid(1)
    if 0 < i < u.shape[0] - 1:
        new[i] = u[i] + nu * (u[i - 1] - 2.0 * u[i] + u[i + 1])


@s2sad.differentiate(target="cuda", wrt=("u", "scale"))
def react(u, scale):
    i = cuda.grid(1)
    if i < u.shape[0]:
        u[i] = u[i] * (1.0 + scale * math.sin(u[i]))


@s2sad.differentiate(target="cuda", wrt="u")
def misfit(total, u, data):
    i = cuda.grid(1)
    if i < u.shape[0]:
        cuda.atomic.add(total, 0, (u[i] - data[i]) ** 2)


@s2sad.differentiate(target="cuda", wrt="a")
def clear(a):
    i = cuda.grid(1)
    if i < a.shape[0]:
        a[i] = 0.0


@s2sad.differentiate(target="cuda", wrt="force")
def push(velocity, position, force, dt):
    i = cuda.grid(1)
    if i < position.shape[0]:
        velocity[i] += dt * force[i]
        position[i] += dt * velocity[i]


@s2sad.differentiate(target="cuda", wrt="position")
def attract(force, position, mass):
    i = cuda.grid(1)
    if i < position.shape[0]:
        total = 0.0
        for j in range(position.shape[0]):
            d = position[j] - position[i]
            total += mass[j] * d / math.sqrt(d * d + 0.1)
        force[i] = total


@s2sad.differentiate(target="cuda", wrt="y")
def powers(y, n):
    i = cuda.grid(1)
    if i < y.shape[0]:
        for _ in range(n + i):
            y[i] = y[i] * y[i] * 0.75 + 0.1


AT = 2, 4


def simulate(u0, nu, data, steps):
    u, new = u0, cuda.device_array(u0.shape, u0.dtype)
    for k in range(steps):
        step[AT](new, u, nu)
        u, new = new, u
        if k % 2 == 0:
            react[AT](u, nu)
    total = cuda.to_device(np.zeros(1))
    misfit[AT](total, u, data)
    return total


def both_ways(u0, scale):
    v = cuda.device_array_like(u0)
    clear[AT](v)
    diffuse[AT](v, u0, 0.3)
    react[AT](u0, scale)                                         # what diffuse has read, and step will read
    react[AT](u0, scale)
    w = cuda.device_array_like(u0)
    step[AT](w, u0, 0.2)
    clear[AT](u0)                                                # all of it forgotten
    step[AT](u0, v, scale)
    powers[AT](u0, 1)
    return u0, w, v


def particles(position, velocity, mass, dt=0.1, *, steps=3):
    mass = cuda.to_device(mass)
    force = cuda.device_array(shape=len(position), dtype=np.float64)
    for _ in range(steps):
        attract[AT](force, position, mass)
        push[AT](velocity, position, force, dt)
    return position, velocity


N = 7
R = np.random.default_rng(4)
CASES = [
    (simulate, (R.random(N), 0.15, R.random(N), 3), ("u0", "nu", "data")),
    (simulate, (R.random(N), 0.15, R.random(N), 0), ("u0", "nu")),
    (both_ways, (R.random(N), 0.4), ("u0", "scale")),
    (both_ways, (R.random(N), 0.4), ("scale",)),
    (particles, (R.random(N), R.random(N), R.random(N), 0.1, 3), ("position", "velocity", "mass", "dt")),
    (particles, (R.random(N), R.random(N), R.random(N), 0.1, 2), ("mass",)),
]


@pytest.mark.parametrize(("host", "args", "wrt"), CASES, ids=lambda x: getattr(x, "__name__", ""))
def test_pullback_against_differences(host, args, wrt):
    assert abs(agrees_with_differences(host, args, wrt)) > 1e-6


def agrees_with_differences(host, args, wrt) -> float:
    """Check the pullback; the derivative in the direction that was taken."""
    rng = np.random.default_rng(8)
    names = host.__code__.co_varnames
    d = {n: rng.standard_normal(np.shape(a)) for n, a in zip(names, args) if n in wrt}

    def outputs(h):
        moved = [a + h * d[n] if n in d else a for n, a in zip(names, args)]
        moved = [float(a) if isinstance(a, np.floating | np.ndarray) and np.ndim(a) == 0 else a for a in moved]
        value, pullback = s2sad.cuda.vjp(host, *moved, wrt=wrt)
        return [v.copy_to_host() for v in (value if isinstance(value, tuple) else (value,))], pullback

    kept = [np.copy(a) for a in args]
    value, pullback = outputs(0.0)
    assert all(np.array_equal(a, b) for a, b in zip(args, kept))
    seeds = [rng.standard_normal(v.shape) for v in value]
    h = 1e-6
    forward, backward = outputs(h)[0], outputs(-h)[0]
    expected = sum(float(np.sum(s * (f - b))) for s, f, b in zip(seeds, forward, backward)) / (2 * h)
    for _ in range(2):                                           # a pullback may be called again
        found = pullback(*seeds)
        total = sum(float(np.sum(g * d[n])) for n, g in zip(wrt, found))
        assert abs(total - expected) <= 1e-7 * (1 + abs(expected))
    return expected


def test_value_and_gradient_of_one_number():
    u0, nu, data, steps = CASES[0][1]
    both = s2sad.cuda.value_and_grad(simulate, wrt=("u0", "nu"))
    value, (g_u0, g_nu) = both(cuda.to_device(u0), nu, data, steps)
    again, _ = both(u0, nu + 1e-6, data, steps)
    before, _ = both(u0, nu - 1e-6, data, steps)
    assert abs((again - before) / 2e-6 - g_nu) <= 1e-7 * abs(g_nu)
    assert np.allclose(g_u0.copy_to_host(), s2sad.cuda.value_and_grad(simulate)(u0, nu, data, steps)[1], rtol=1e-14)
    assert isinstance(value, float)


def test_only_what_is_needed_is_saved():
    held = []

    def linear(u0, steps):
        u, new = u0, cuda.device_array_like(u0)
        for _ in range(steps):
            diffuse[AT](new, u, 0.3)
            u, new = new, u
        held.extend(recorded.recording.get().launches)
        return u

    s2sad.cuda.vjp(linear, np.ones(N), 4)
    assert len(held) == 4 and not any(s.before for s in held)
    held.clear()

    def squared(u0):
        react[AT](u0, 0.5)
        react[AT](u0, 0.5)
        held.extend(recorded.recording.get().launches)
        return u0

    s2sad.cuda.vjp(squared, np.ones(N))
    assert [len(s.before) for s in held] == [1, 1]


SEQUENCE = (
    lambda k, u, v, s: step[AT](u, v, s), lambda k, u, v, s: diffuse[AT](u, v, 0.3), lambda k, u, v, s: react[AT](u, s),
    lambda k, u, v, s: clear[AT](u), lambda k, u, v, s: powers[AT](u, k % 2), lambda k, u, v, s: react[AT](v, 0.2),
    lambda k, u, v, s: attract[AT](u, v, cuda.to_device(np.ones(N))),
)


def random_launches(seed: int) -> float:
    r = np.random.default_rng(seed)
    chosen = [(int(r.integers(len(SEQUENCE))), *map(int, r.permutation(3)[:2])) for _ in range(8)]

    def host(a, b, c, s):
        arrays = [a, b, c]
        for k, (what, i, j) in enumerate(chosen):
            SEQUENCE[what](k, arrays[i], arrays[j], s)
        return a, b, c

    return agrees_with_differences(host, (r.random(N), r.random(N), r.random(N), 0.3), ("a", "b", "c", "s"))


def test_random_launches():
    assert sum(abs(random_launches(seed)) > 1e-6 for seed in range(6)) > 3


STORED = []
ELSEWHERE = cuda.to_device(np.zeros(N))


def looks(u):
    react[AT](u, float(u.copy_to_host()[0]))
    return u


def decides(u):
    if u[0] > 0:
        react[AT](u, 0.1)
    return u


def computes(u, nu):
    react[AT](u, 2.0 * nu)
    return u


def adds(u):
    return u + u


def sums(u):
    react[AT](u, float(np.sum(u)))
    return u


def copies(u):
    v = copy.copy(u)
    react[AT](v, 0.1)
    return v


def writes_elsewhere(u):
    step[AT](ELSEWHERE, u, 0.1)
    return u


def returns_a_number(u):
    react[AT](u, 0.1)
    return 1.0


def of_an_earlier_call(u):
    STORED.append(u)
    react[AT](STORED[0], 0.1)
    return u


@pytest.mark.parametrize("host", [looks, decides, computes, adds, sums, copies, writes_elsewhere, returns_a_number,
                                  of_an_earlier_call], ids=lambda f: f.__name__)
def test_what_would_lose_derivatives_is_refused(host):
    args = (np.ones(N), 0.5)[:host.__code__.co_argcount]
    names = host.__code__.co_varnames[:len(args)]
    with pytest.raises(s2sad.S2sadError) as e:
        for _ in range(2):
            s2sad.cuda.vjp(host, *args, wrt=names)
    assert e.value.code in ("S2S080", "S2S042") and e.value.hint
    if e.value.loc is not None:
        first = host.__code__.co_firstlineno
        assert e.value.loc.file == __file__ and first < e.value.loc.line <= first + 3
