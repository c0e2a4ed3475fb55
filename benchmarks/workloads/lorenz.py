"""The Lorenz system by the classical Runge-Kutta method: distance from a target after many steps."""
import numpy as np

from workloads.case import Workload


def lorenz(p, start, target, steps, dt):
    sigma, rho, beta = p[0], p[1], p[2]
    x, y, z = start[0], start[1], start[2]
    half = 0.5 * dt
    sixth = dt / 6.0
    for _ in range(steps):
        k1x = sigma * (y - x)
        k1y = x * (rho - z) - y
        k1z = x * y - beta * z
        x2 = x + half * k1x
        y2 = y + half * k1y
        z2 = z + half * k1z
        k2x = sigma * (y2 - x2)
        k2y = x2 * (rho - z2) - y2
        k2z = x2 * y2 - beta * z2
        x3 = x + half * k2x
        y3 = y + half * k2y
        z3 = z + half * k2z
        k3x = sigma * (y3 - x3)
        k3y = x3 * (rho - z3) - y3
        k3z = x3 * y3 - beta * z3
        x4 = x + dt * k3x
        y4 = y + dt * k3y
        z4 = z + dt * k3z
        k4x = sigma * (y4 - x4)
        k4y = x4 * (rho - z4) - y4
        k4z = x4 * y4 - beta * z4
        x += sixth * (k1x + 2.0 * k2x + 2.0 * k3x + k4x)
        y += sixth * (k1y + 2.0 * k2y + 2.0 * k3y + k4y)
        z += sixth * (k1z + 2.0 * k2z + 2.0 * k3z + k4z)
    a = x - target[0]
    b = y - target[1]
    c = z - target[2]
    return a * a + b * b + c * c


def by_hand(p, start, target, steps, dt):
    """The states of all stages are kept, twelve numbers for each step, and read back from the last to the first."""
    sigma, rho, beta = p[0], p[1], p[2]
    x, y, z = start[0], start[1], start[2]
    kept = np.empty((steps, 12))
    for t in range(steps):
        row = kept[t]
        sx = sy = sz = 0.0
        u, v, w = x, y, z
        for stage in range(4):
            row[3 * stage], row[3 * stage + 1], row[3 * stage + 2] = u, v, w
            ku = sigma * (v - u)
            kv = u * (rho - w) - v
            kw = u * v - beta * w
            weight = 1.0 if stage == 0 or stage == 3 else 2.0
            sx += weight * ku
            sy += weight * kv
            sz += weight * kw
            length = dt if stage == 2 else 0.5 * dt
            u = x + length * ku
            v = y + length * kv
            w = z + length * kw
        x += dt / 6.0 * sx
        y += dt / 6.0 * sy
        z += dt / 6.0 * sz
    bx, by, bz = 2.0 * (x - target[0]), 2.0 * (y - target[1]), 2.0 * (z - target[2])
    b_sigma = b_rho = b_beta = 0.0
    for t in range(steps - 1, -1, -1):
        row = kept[t]
        nu = nv = nw = 0.0                  # adjoint of the next stage's state
        tx, ty, tz = bx, by, bz
        for stage in range(3, -1, -1):
            u, v, w = row[3 * stage], row[3 * stage + 1], row[3 * stage + 2]
            weight = dt / 6.0 if stage == 0 or stage == 3 else dt / 3.0
            length = 0.0 if stage == 3 else dt if stage == 2 else 0.5 * dt
            bu = weight * bx + length * nu
            bv = weight * by + length * nv
            bw = weight * bz + length * nw
            b_sigma += (v - u) * bu
            b_rho += u * bv
            b_beta -= w * bw
            nu = (rho - w) * bv + v * bw - sigma * bu
            nv = sigma * bu - bv + u * bw
            nw = -u * bv - beta * bw
            tx += nu
            ty += nv
            tz += nw
        bx, by, bz = tx, ty, tz
    return np.array([b_sigma, b_rho, b_beta]), np.array([bx, by, bz])


def arguments(small):
    return (np.array([10.0, 28.0, 8.0 / 3.0]), np.array([1.0, 1.0, 1.05]), np.array([5.0, 5.0, 20.0]),
            20 if small else 10_000, 1e-3)


WORKLOADS = [Workload("Lorenz, 10 000 steps", lorenz, arguments, ("p", "start"), by_hand, reach=1.25)]
