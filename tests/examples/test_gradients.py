"""Gradients of the examples against derivations by hand, at arguments where nothing is special."""
from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

ADBENCH = os.environ.get("S2SAD_ADBENCH")


def close(got, want, tolerance: float) -> bool:
    """Relative to the largest entry; false for a NaN."""
    return bool(np.max(np.abs(np.asarray(got) - want)) <= tolerance * np.max(np.abs(want)))


def burgers_by_hand(u0, nu, data, dt, dx, nt):
    """Value and gradient with the transposed Jacobian of each step written out."""
    states = [u0]
    for _ in range(nt):
        u = states[-1]
        v = u.copy()
        v[1:-1] += dt * (nu * (u[2:] - 2 * u[1:-1] + u[:-2]) / dx**2 - u[1:-1] * (u[1:-1] - u[:-2]) / dx)
        states.append(v)
    adjoint, by_nu = 2.0 * (states[-1] - data), 0.0
    for u in reversed(states[:-1]):
        inner = adjoint[1:-1]
        by_nu += float(inner @ (dt * (u[2:] - 2 * u[1:-1] + u[:-2]) / dx**2))
        before = adjoint.copy()
        before[1:-1] += inner * dt * (-2.0 * nu / dx**2 - (2.0 * u[1:-1] - u[:-2]) / dx)
        before[2:] += inner * dt * nu / dx**2
        before[:-2] += inner * dt * (nu / dx**2 + u[1:-1] / dx)
        adjoint = before
    return float(np.sum((states[-1] - data) ** 2)), adjoint, by_nu


@pytest.mark.parametrize("nt", [0, 1, 7])
def test_burgers(nt):
    rng = np.random.default_rng(nt)
    args = (rng.uniform(0.5, 1.5, 12), 0.013, rng.normal(size=12), 0.01, 0.1, nt)
    value, (by_u0, by_nu) = import_module("heat").misfit.value_and_grad(*args)
    want_value, want_u0, want_nu = burgers_by_hand(*args)
    assert close(value, want_value, 1e-13)
    assert close(by_u0, want_u0, 1e-13)
    assert abs(by_nu - want_nu) <= 1e-12 * max(abs(want_nu), 1.0)


def mixture_by_hand(alphas, means, icf, x, gamma, m):
    """Gradients from responsibilities: d/dt of log sum exp(t) is softmax(t)."""
    d = x.shape[1]
    below = [(j, i) for i in range(d) for j in range(i + 1, d)]
    by_means, by_icf, terms = np.zeros_like(means), np.zeros_like(icf), []
    for k in range(alphas.size):
        q = np.diag(np.exp(icf[k, :d]))
        for entry, (j, i) in zip(icf[k, d:], below, strict=True):
            q[j, i] = entry
        terms.append(alphas[k] + icf[k, :d].sum() - 0.5 * np.sum(((x - means[k]) @ q.T) ** 2, axis=1))
    weights = np.exp(np.array(terms) - np.max(terms, axis=0))
    weights /= weights.sum(axis=0)
    for k in range(alphas.size):
        q = np.diag(np.exp(icf[k, :d]))
        for entry, (j, i) in zip(icf[k, d:], below, strict=True):
            q[j, i] = entry
        centred = x - means[k]
        by_means[k] = weights[k] @ (centred @ q.T) @ q
        by_q = -np.einsum("p,pj,pi->ji", weights[k], centred @ q.T, centred) + gamma**2 * q
        by_icf[k, :d] = np.diag(by_q) * np.diag(q) + weights[k].sum() - m
        by_icf[k, d:] = [by_q[j, i] for j, i in below]
    softmax = np.exp(alphas - alphas.max())
    by_alphas = weights.sum(axis=1) - x.shape[0] * softmax / softmax.sum()
    return by_alphas, by_means, by_icf


def test_mixture():
    gmm = import_module("gmm")
    args = (*gmm.generate(n=9, d=3, components=4)[:4], 1.3, 2)
    for got, want in zip(gmm.log_posterior.grad(*args), mixture_by_hand(*args), strict=True):
        assert close(got, want, 1e-12)


@pytest.mark.skipif(ADBENCH is None, reason="S2SAD_ADBENCH does not name the folder of the ADBench data")
@pytest.mark.parametrize("case", ["gmm_1k_d2_K5", "gmm_1k_d10_K25"])
def test_mixture_against_the_suite(case):
    gmm, data = import_module("gmm"), Path(str(ADBENCH))
    value, gradients = gmm.log_posterior.value_and_grad(*gmm.read(data / "gmm" / f"{case}.txt"))
    error = gmm.compare(data / "reference.npz", case, value, gradients)
    assert not error > 1e-10 and error == error


def test_orbit():
    """Kepler's equation differentiated implicitly: dE/dM = 1 / (1 - e cos E), dE/de = sin E / (1 - e cos E)."""
    ode_fit = import_module("ode_fit")
    times, velocities = ode_fit.observe(25)
    orbit, sigma = ode_fit.START, 0.1
    period, amplitude, e, w, phase, offset = orbit

    mean = 2.0 * np.pi * times / period + phase
    anomaly = mean
    for _ in range(100):
        anomaly = anomaly - (anomaly - e * np.sin(anomaly) - mean) / (1.0 - e * np.cos(anomaly))
    r, root = 1.0 - e * np.cos(anomaly), np.sqrt(1.0 - e * e)
    cos_true, sin_true = (np.cos(anomaly) - e) / r, root * np.sin(anomaly) / r
    by_anomaly = amplitude * root / r * (-sin_true * np.cos(w) - cos_true * np.sin(w))
    # At fixed E the true anomaly f changes with e by sin f / (1 - e^2).
    by_e_alone = amplitude * (-np.sin(np.arctan2(sin_true, cos_true) + w) * sin_true / (1 - e * e) + np.cos(w))
    model_by = np.array([
        by_anomaly / r * (-2.0 * np.pi * times / period**2),
        cos_true * np.cos(w) - sin_true * np.sin(w) + e * np.cos(w),
        by_anomaly * np.sin(anomaly) / r + by_e_alone,
        amplitude * (-cos_true * np.sin(w) - sin_true * np.cos(w) - e * np.sin(w)),
        by_anomaly / r,
        np.ones_like(times),
    ])
    residual = (ode_fit.velocity(orbit, times) - velocities) / sigma
    want = 2.0 / times.size / sigma * (model_by @ residual)
    assert close(ode_fit.misfit.grad(orbit, times, velocities, sigma), want, 1e-9)
