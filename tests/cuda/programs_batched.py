"""Computations as they are done by the million, one in each thread: prices, reprojections, trajectories."""
from __future__ import annotations

import math

import numpy as np
from numba import cuda

from tests.cuda.programs import Program


def normal_cdf(x):
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def call_price(spot, strike, years, rate, volatility):
    spread = volatility * math.sqrt(years)
    d = (math.log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
    return spot * normal_cdf(d) - strike * math.exp(-rate * years) * normal_cdf(d - spread)


def black_scholes(price, spot, strike, years, rate, volatility):
    i = cuda.grid(1)
    if i < spot.shape[0]:
        price[i] = call_price(spot[i], strike[i], years[i], rate, volatility)


def rotated(x, y, z, a, b, c):
    """The first coordinate of a point turned about an axis."""
    angle = math.sqrt(a * a + b * b + c * c + 1e-12)
    cosine, sine = math.cos(angle), math.sin(angle) / angle
    dot = (a * x + b * y + c * z) * (1.0 - cosine) / (angle * angle)
    return x * cosine + (b * z - c * y) * sine + a * dot


def reprojection(error, cameras, points, features, weights, seen_by, seen):
    k = cuda.grid(1)
    if k >= seen.shape[0]:
        return
    c, p = seen_by[k], seen[k]
    x, y, z = points[p, 0], points[p, 1], points[p, 2]
    a, b, r = cameras[c, 0], cameras[c, 1], cameras[c, 2]
    u = rotated(x, y, z, a, b, r) + cameras[c, 3]
    v = rotated(y, z, x, b, r, a) + cameras[c, 4]
    w = rotated(z, x, y, r, a, b) + cameras[c, 5]
    u, v = u / w, v / w
    square = u * u + v * v
    distortion = 1.0 + square * (cameras[c, 7] + square * cameras[c, 8])
    scale = cameras[c, 6] * distortion
    error[2 * k] = weights[k] * (u * scale - features[k, 0])
    error[2 * k + 1] = weights[k] * (v * scale - features[k, 1])


def slope(y, rate):
    return rate * y * (1.0 - y) - 0.25 * math.sin(y)


def trajectories(end, start, rate, time):
    i = cuda.grid(1)
    if i >= start.shape[0]:
        return
    y, t, h = start[i], 0.0, 0.3
    while t < time:
        h = min(h, time - t)
        k1 = slope(y, rate[i])
        k2 = slope(y + h * k1, rate[i])
        difference = 0.5 * h * (k2 - k1)
        if abs(difference) <= 2e-3 or h < 0.02:
            y += h * k1 + difference
            t += h
            h = 1.5 * h
        else:
            h = 0.5 * h
    end[i] = y


def rays(hit, origin, direction, centre, radius):
    """How far a ray goes to the nearest of some spheres, found in steps of the distance to them."""
    i = cuda.grid(1)
    if i >= origin.shape[0]:
        return
    x, y = origin[i, 0], origin[i, 1]
    length = math.sqrt(direction[i, 0] ** 2 + direction[i, 1] ** 2)
    dx, dy = direction[i, 0] / length, direction[i, 1] / length
    far = 0.0
    for _ in range(30):
        nearest = 9.0
        for k in range(radius.shape[0]):
            d = math.hypot(x - centre[k, 0], y - centre[k, 1]) - radius[k]
            nearest = min(nearest, d)
        if nearest < 1e-3 or far > 8.0:
            break
        x += nearest * dx
        y += nearest * dy
        far += nearest
    hit[i] = far


def _cameras(r):
    return np.column_stack([0.3 * r.random((2, 3)), r.random((2, 2)), 4.0 + r.random(2), 1.0 + r.random(2),
                            0.1 * r.random((2, 2))])


PROGRAMS = (
    Program(black_scholes, ("spot", "strike", "years", "rate", "volatility"), ("price",),
            lambda r: (np.zeros(7), 90 + 20 * r.random(7), 90 + 20 * r.random(7), 0.5 + r.random(7), 0.03, 0.3)),
    Program(reprojection, ("cameras", "points", "weights"), ("error",),
            lambda r: (np.zeros(12), _cameras(r), r.random((3, 3)), r.random((6, 2)), r.random(6),
                       np.array([0, 1, 0, 1, 0, 1]), np.array([0, 0, 1, 1, 2, 2]))),
    Program(trajectories, ("start", "rate"), ("end",),
            lambda r: (np.zeros(5), 0.1 + r.random(5), 2 + r.random(5), 1.1)),
    Program(rays, ("origin", "direction", "centre", "radius"), ("hit",),
            lambda r: (np.zeros(5), r.random((5, 2)), 1 + r.random((5, 2)), 3 + r.random((3, 2)), 0.5 + r.random(3))),
)
