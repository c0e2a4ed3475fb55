"""Burgers' equation with viscosity (the heat equation with transport), and how far its solution is from data."""
from __future__ import annotations

import numpy as np

import s2sad


@s2sad.differentiate(wrt=("u0", "nu"))
def misfit(u0, nu, data, dt, dx, nt):
    u = u0.copy()
    v = np.empty_like(u)
    for t in range(nt):
        v[0] = u[0]
        v[-1] = u[-1]
        for i in range(1, u.shape[0] - 1):
            v[i] = u[i] + dt * (nu * (u[i+1] - 2*u[i] + u[i-1]) / dx**2 - u[i] * (u[i] - u[i-1]) / dx)
        u, v = v, u
    return np.sum((u - data) ** 2)
