# types: float64[::1]; float64; float64[::1]; int64
# wrt: u0, nu
# kinds: adjoint
import numpy as np


def diffusion(u0, nu, data, nt):
    u = u0.copy()
    v = np.empty_like(u)
    for t in range(nt):
        v[0] = u[0]
        v[-1] = u[-1]
        for i in range(1, u.shape[0] - 1):
            v[i] = u[i] + nu * (u[i + 1] - 2.0 * u[i] + u[i - 1])
        u, v = v, u
    s = 0.0
    for i in range(data.shape[0]):
        e = u[i] - data[i]
        s += e * e
    return s
