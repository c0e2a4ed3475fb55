"""Test functions of Moré, Garbow and Hillstrom (ACM TOMS 7, 1981, numbers as there), from their formulas, each with its
Jacobian from its formula. All take complex numbers, for differences along the imaginary axis."""
from __future__ import annotations

import numpy as np

BARD = np.array([.14, .18, .22, .25, .29, .32, .35, .39, .37, .58, .73, .96, 1.34, 2.10, 4.39])
KOWALIK_Y = np.array([.1957, .1947, .1735, .1600, .0844, .0627, .0456, .0342, .0323, .0235, .0246])
KOWALIK_U = np.array([4., 2., 1., .5, .25, .167, .125, .1, .0833, .0714, .0625])
GAUSSIAN = np.array([.0009, .0044, .0175, .0540, .1295, .2420, .3521, .3989, .3521, .2420, .1295, .0540, .0175, .0044,
                     .0009])
MEYER = np.array([34780., 28610., 23650., 19630., 16370., 13720., 11540., 9744., 8261., 7030., 6005., 5147., 4427.,
                  3820., 3307., 2872.])


def rosenbrock(x):                                              # 1
    return np.array([10 * (x[1] - x[0]**2), 1 - x[0]])


def rosenbrock_jacobian(x):
    return np.array([[-20 * x[0], 10], [-1, 0]])


def freudenstein_roth(x):                                       # 2
    return np.array([-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1], -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]])


def freudenstein_roth_jacobian(x):
    return np.array([[1, 10 * x[1] - 3 * x[1]**2 - 2], [1, 3 * x[1]**2 + 2 * x[1] - 14]])


def powell_badly_scaled(x):                                     # 3
    return np.array([1e4 * x[0] * x[1] - 1, np.exp(-x[0]) + np.exp(-x[1]) - 1.0001])


def powell_badly_scaled_jacobian(x):
    return np.array([[1e4 * x[1], 1e4 * x[0]], [-np.exp(-x[0]), -np.exp(-x[1])]])


def brown_badly_scaled(x):                                      # 4
    return np.array([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


def brown_badly_scaled_jacobian(x):
    return np.array([[1, 0], [0, 1], [x[1], x[0]]])


def beale(x):                                                   # 5
    return np.array([1.5 - x[0] * (1 - x[1]), 2.25 - x[0] * (1 - x[1]**2), 2.625 - x[0] * (1 - x[1]**3)])


def beale_jacobian(x):
    return np.array([[x[1] - 1, x[0]], [x[1]**2 - 1, 2 * x[0] * x[1]], [x[1]**3 - 1, 3 * x[0] * x[1]**2]])


def jennrich_sampson(x):                                        # 6
    r = np.zeros_like(x[0] * np.arange(10))
    for i in range(10):
        r[i] = 2 + 2 * (i + 1) - (np.exp((i + 1) * x[0]) + np.exp((i + 1) * x[1]))
    return r


def jennrich_sampson_jacobian(x):
    i = np.arange(1, 11)
    return np.stack([-i * np.exp(i * x[0]), -i * np.exp(i * x[1])], 1)


def helical_valley(x):                                          # 7, where x[0] > 0
    theta = np.arctan(x[1] / x[0]) / (2 * np.pi)
    return np.array([10 * (x[2] - 10 * theta), 10 * (np.sqrt(x[0]**2 + x[1]**2) - 1), x[2]])


def helical_valley_jacobian(x):
    s = x[0]**2 + x[1]**2
    c = 50 / (np.pi * s)
    return np.array([[c * x[1], -c * x[0], 10], [10 * x[0] / np.sqrt(s), 10 * x[1] / np.sqrt(s), 0], [0, 0, 1]])


def bard(x):                                                    # 8
    r = np.zeros_like(x[0] * BARD)
    for i in range(15):
        u = i + 1
        v = 15 - i
        w = min(u, v)
        r[i] = BARD[i] - (x[0] + u / (v * x[1] + w * x[2]))
    return r


def bard_jacobian(x):
    u = np.arange(1, 16)
    v = 16 - u
    w = np.minimum(u, v)
    d = (v * x[1] + w * x[2])**2
    return np.stack([-np.ones(15), u * v / d, u * w / d], 1)


def gaussian(x):                                                # 9
    r = np.zeros_like(x[0] * GAUSSIAN)
    for i in range(15):
        t = (7 - i) / 2
        r[i] = x[0] * np.exp(-x[1] * (t - x[2])**2 / 2) - GAUSSIAN[i]
    return r


def gaussian_jacobian(x):
    t = (7 - np.arange(15)) / 2
    e = np.exp(-x[1] * (t - x[2])**2 / 2)
    return np.stack([e, -x[0] * e * (t - x[2])**2 / 2, x[0] * x[1] * e * (t - x[2])], 1)


def meyer(x):                                                   # 10
    r = np.zeros_like(x[0] * MEYER)
    for i in range(16):
        r[i] = x[0] * np.exp(x[1] / (45 + 5 * (i + 1) + x[2])) - MEYER[i]
    return r


def meyer_jacobian(x):
    t = 45 + 5 * np.arange(1, 17)
    e = np.exp(x[1] / (t + x[2]))
    return np.stack([e, x[0] * e / (t + x[2]), -x[0] * x[1] * e / (t + x[2])**2], 1)


def gulf(x):                                                    # 11, where y_i > x_2
    r = np.zeros_like(x[0] * np.arange(9))
    for i in range(9):
        t = (i + 1) / 100
        y = 25 + (-50 * np.log(t))**(2 / 3)
        r[i] = np.exp(-(y - x[1])**x[2] / x[0]) - t
    return r


def gulf_jacobian(x):
    t = np.arange(1, 10) / 100
    d = 25 + (-50 * np.log(t))**(2 / 3) - x[1]
    p = d**x[2]
    e = np.exp(-p / x[0])
    return np.stack([e * p / x[0]**2, e * x[2] * d**(x[2] - 1) / x[0], -e * p * np.log(d) / x[0]], 1)


def box(x):                                                     # 12
    r = np.zeros_like(x[0] * np.arange(10))
    for i in range(10):
        t = 0.1 * (i + 1)
        r[i] = np.exp(-t * x[0]) - np.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))
    return r


def box_jacobian(x):
    t = 0.1 * np.arange(1, 11)
    return np.stack([-t * np.exp(-t * x[0]), t * np.exp(-t * x[1]), np.exp(-10 * t) - np.exp(-t)], 1)


def powell_singular(x):                                         # 13
    return np.array([x[0] + 10 * x[1], 5**0.5 * (x[2] - x[3]), (x[1] - 2 * x[2])**2, 10**0.5 * (x[0] - x[3])**2])


def powell_singular_jacobian(x):
    a, b = 2 * (x[1] - 2 * x[2]), 2 * 10**0.5 * (x[0] - x[3])
    return np.array([[1, 10, 0, 0], [0, 0, 5**0.5, -5**0.5], [0, a, -2 * a, 0], [b, 0, 0, -b]])


def wood(x):                                                    # 14
    return np.array([10 * (x[1] - x[0]**2), 1 - x[0], 90**0.5 * (x[3] - x[2]**2), 1 - x[2],
                     10**0.5 * (x[1] + x[3] - 2), (x[1] - x[3]) / 10**0.5])


def wood_jacobian(x):
    a, b = 10**0.5, 90**0.5
    return np.array([[-20 * x[0], 10, 0, 0], [-1, 0, 0, 0], [0, 0, -2 * b * x[2], b], [0, 0, -1, 0], [0, a, 0, a],
                     [0, 1 / a, 0, -1 / a]])


def kowalik_osborne(x):                                         # 15
    r = np.zeros_like(x[0] * KOWALIK_U)
    for i in range(11):
        u = KOWALIK_U[i]
        r[i] = KOWALIK_Y[i] - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])
    return r


def kowalik_osborne_jacobian(x):
    u = KOWALIK_U
    n, d = u**2 + u * x[1], u**2 + u * x[2] + x[3]
    return np.stack([-n / d, -x[0] * u / d, x[0] * n * u / d**2, x[0] * n / d**2], 1)


def brown_dennis(x):                                            # 16
    r = np.zeros_like(x[0] * np.arange(20))
    for i in range(20):
        t = (i + 1) / 5
        r[i] = (x[0] + t * x[1] - np.exp(t))**2 + (x[2] + x[3] * np.sin(t) - np.cos(t))**2
    return r


def brown_dennis_jacobian(x):
    t = np.arange(1, 21) / 5
    a, b = 2 * (x[0] + t * x[1] - np.exp(t)), 2 * (x[2] + x[3] * np.sin(t) - np.cos(t))
    return np.stack([a, t * a, b, np.sin(t) * b], 1)


def osborne_1(x):                                               # 17, without its data
    r = np.zeros_like(x[0] * np.arange(33))
    for i in range(33):
        t = 10.0 * i
        r[i] = -(x[0] + x[1] * np.exp(-t * x[3]) + x[2] * np.exp(-t * x[4]))
    return r


def osborne_1_jacobian(x):
    t = 10 * np.arange(33)
    a, b = np.exp(-t * x[3]), np.exp(-t * x[4])
    return np.stack([-np.ones(33), -a, -b, x[1] * t * a, x[2] * t * b], 1)


def biggs(x):                                                   # 18
    r = np.zeros_like(x[0] * np.arange(13))
    for i in range(13):
        t = 0.1 * (i + 1)
        y = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
        r[i] = x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + x[5] * np.exp(-t * x[4]) - y
    return r


def biggs_jacobian(x):
    t = 0.1 * np.arange(1, 14)
    a, b, c = np.exp(-t * x[0]), np.exp(-t * x[1]), np.exp(-t * x[4])
    return np.stack([-t * x[2] * a, t * x[3] * b, a, -b, -t * x[5] * c, c], 1)


def osborne_2(x):                                               # 19, without its data
    r = np.zeros_like(x[0] * np.arange(65))
    for i in range(65):
        t = i / 10
        s = x[0] * np.exp(-t * x[4])
        for k in range(3):
            s = s + x[1 + k] * np.exp(-(t - x[8 + k])**2 * x[5 + k])
        r[i] = -s
    return r


def osborne_2_jacobian(x):
    t = np.arange(65) / 10
    columns = [-np.exp(-t * x[4]), *[None] * 3, x[0] * t * np.exp(-t * x[4]), *[None] * 6]
    for k in range(3):
        d = t - x[8 + k]
        e = np.exp(-d**2 * x[5 + k])
        columns[1 + k], columns[5 + k] = -e, x[1 + k] * d**2 * e
        columns[8 + k] = -2 * x[1 + k] * x[5 + k] * d * e
    return np.stack(columns, 1)


def watson(x):                                                  # 20
    n = x.shape[0]
    r = np.zeros_like(x[0] * np.arange(31))
    for i in range(29):
        t = (i + 1) / 29
        s = 0.0 * x[0]
        p = 0.0 * x[0]
        for j in range(n):
            s = s + x[j] * t**j
            if j > 0:
                p = p + j * x[j] * t**(j - 1)
        r[i] = p - s * s - 1
    r[29] = x[0]
    r[30] = x[1] - x[0]**2 - 1
    return r


def watson_jacobian(x):
    n, t = len(x), np.arange(1, 30)[:, None] / 29
    j = np.arange(n)
    s = (x * t**j).sum(1, keepdims=True)
    first = np.where(j > 0, j * t**np.maximum(j - 1, 0), 0) - 2 * s * t**j
    last = np.zeros((2, n), x.dtype)
    last[0, 0], last[1, 0], last[1, 1] = 1, -2 * x[0], 1
    return np.concatenate([first, last])


def extended_rosenbrock(x):                                     # 21
    r = np.zeros_like(x)
    for i in range(0, x.shape[0], 2):
        r[i] = 10 * (x[i+1] - x[i]**2)
        r[i+1] = 1 - x[i]
    return r


def extended_rosenbrock_jacobian(x):
    j = np.zeros((len(x), len(x)), x.dtype)
    for i in range(0, len(x), 2):
        j[i, i], j[i, i + 1], j[i + 1, i] = -20 * x[i], 10, -1
    return j


def extended_powell(x):                                         # 22
    r = np.zeros_like(x)
    for i in range(0, x.shape[0], 4):
        r[i] = x[i] + 10 * x[i+1]
        r[i+1] = 5**0.5 * (x[i+2] - x[i+3])
        r[i+2] = (x[i+1] - 2 * x[i+2])**2
        r[i+3] = 10**0.5 * (x[i] - x[i+3])**2
    return r


def extended_powell_jacobian(x):
    j = np.zeros((len(x), len(x)), x.dtype)
    for i in range(0, len(x), 4):
        j[i:i + 4, i:i + 4] = powell_singular_jacobian(x[i:i + 4])
    return j


def penalty_1(x):                                               # 23
    n = x.shape[0]
    r = np.zeros_like(x[0] * np.arange(n + 1))
    s = 0.0 * x[0]
    for i in range(n):
        r[i] = 1e-5**0.5 * (x[i] - 1)
        s = s + x[i]**2
    r[n] = s - 0.25
    return r


def penalty_1_jacobian(x):
    return np.concatenate([1e-5**0.5 * np.eye(len(x)), 2 * x[None]])


def penalty_2(x):                                               # 24
    n = x.shape[0]
    a = 1e-5**0.5
    r = np.zeros_like(x[0] * np.arange(2 * n))
    r[0] = x[0] - 0.2
    for i in range(1, n):
        y = np.exp((i + 1) / 10) + np.exp(i / 10)
        r[i] = a * (np.exp(x[i] / 10) + np.exp(x[i-1] / 10) - y)
        r[n + i - 1] = a * (np.exp(x[i] / 10) - np.exp(-0.1))
    s = 0.0 * x[0]
    for j in range(n):
        s = s + (n - j) * x[j]**2
    r[2*n - 1] = s - 1
    return r


def penalty_2_jacobian(x):
    n, a = len(x), 1e-5**0.5
    j = np.zeros((2 * n, n), x.dtype)
    j[0, 0] = 1
    for i in range(1, n):
        j[i, i] = j[n + i - 1, i] = a * np.exp(x[i] / 10) / 10
        j[i, i - 1] = a * np.exp(x[i - 1] / 10) / 10
    j[-1] = 2 * (n - np.arange(n)) * x
    return j


def variably_dimensioned(x):                                    # 25
    n = x.shape[0]
    r = np.zeros_like(x[0] * np.arange(n + 2))
    s = 0.0 * x[0]
    for j in range(n):
        r[j] = x[j] - 1
        s = s + (j + 1) * (x[j] - 1)
    r[n] = s
    r[n+1] = s**2
    return r


def variably_dimensioned_jacobian(x):
    j = np.arange(1, len(x) + 1)
    return np.concatenate([np.eye(len(x)), [j], [2 * (j * (x - 1)).sum() * j]])


def trigonometric(x):                                           # 26
    n = x.shape[0]
    return n - np.sum(np.cos(x)) + np.arange(1, n + 1) * (1 - np.cos(x)) - np.sin(x)


def trigonometric_jacobian(x):
    i = np.arange(1, len(x) + 1)
    return np.sin(x)[None, :] + np.diag(i * np.sin(x) - np.cos(x))


def brown_almost_linear(x):                                     # 27
    n = x.shape[0]
    r = np.zeros_like(x)
    s = 0.0 * x[0]
    p = 1.0 + 0.0 * x[0]
    for j in range(n):
        s = s + x[j]
        p = p * x[j]
    for i in range(n - 1):
        r[i] = x[i] + s - (n + 1)
    r[n-1] = p - 1
    return r


def brown_almost_linear_jacobian(x):
    j = np.ones((len(x), len(x)), x.dtype) + np.eye(len(x))
    j[-1] = [np.prod(np.delete(x, k)) for k in range(len(x))]
    return j


def boundary_value(x):                                          # 28
    n = x.shape[0]
    h = 1 / (n + 1)
    r = np.zeros_like(x)
    for i in range(n):
        left = x[i-1] if i > 0 else 0.0 * x[0]
        right = x[i+1] if i < n - 1 else 0.0 * x[0]
        r[i] = 2 * x[i] - left - right + h**2 * (x[i] + (i + 1) * h + 1)**3 / 2
    return r


def boundary_value_jacobian(x):
    n = len(x)
    h = 1 / (n + 1)
    t = h * np.arange(1, n + 1)
    return np.diag(2 + 1.5 * h**2 * (x + t + 1)**2) - np.eye(n, k=1) - np.eye(n, k=-1)


def integral_equation(x):                                       # 29
    n = x.shape[0]
    h = 1 / (n + 1)
    r = np.zeros_like(x)
    for i in range(n):
        t = (i + 1) * h
        s = 0.0 * x[0]
        for j in range(n):
            u = (j + 1) * h
            w = (1 - t) * u if j <= i else t * (1 - u)
            s = s + w * (x[j] + u + 1)**3
        r[i] = x[i] + h * s / 2
    return r


def integral_equation_jacobian(x):
    n = len(x)
    h = 1 / (n + 1)
    t = h * np.arange(1, n + 1)
    w = np.where(t[None] <= t[:, None], (1 - t[:, None]) * t[None], t[:, None] * (1 - t[None]))
    return np.eye(n) + 1.5 * h * w * (x + t + 1)**2


def broyden_tridiagonal(x):                                     # 30
    n = x.shape[0]
    r = (3 - 2 * x) * x + 1
    r[1:] -= x[:-1]
    r[:n-1] -= 2 * x[1:]
    return r


def broyden_tridiagonal_jacobian(x):
    return np.diag(3 - 4 * x) - np.eye(len(x), k=-1) - 2 * np.eye(len(x), k=1)


def broyden_banded(x):                                          # 31
    n = x.shape[0]
    r = np.zeros_like(x)
    for i in range(n):
        s = 0.0 * x[0]
        for j in range(max(0, i - 5), min(n, i + 2)):
            if j != i:
                s = s + x[j] * (1 + x[j])
        r[i] = x[i] * (2 + 5 * x[i]**2) + 1 - s
    return r


def broyden_banded_jacobian(x):
    i = np.arange(len(x))
    d = i[:, None] - i[None]
    off = np.where((d <= 5) & (d >= -1) & (d != 0), -(1 + 2 * x)[None], 0)
    return off + np.diag(2 + 15 * x**2)


def linear_full_rank(x):                                        # 32
    n = x.shape[0]
    m = n + 3
    r = np.zeros_like(x[0] * np.arange(n + 3))
    for i in range(m):
        r[i] = -2 * np.sum(x) / m - 1
        if i < n:
            r[i] += x[i]
    return r


def linear_full_rank_jacobian(x):
    m = len(x) + 3
    return np.eye(m, len(x)) - 2 / m


def linear_rank_1(x):                                           # 33
    j = np.arange(1, x.shape[0] + 1)
    return np.arange(1, 8) * np.sum(j * x) - 1


def linear_rank_1_jacobian(x):
    return np.outer(np.arange(1, 8), np.arange(1, len(x) + 1))


def linear_rank_1_zeros(x):                                     # 34
    n = x.shape[0]
    r = np.zeros_like(x[0] * np.arange(7))
    s = 0.0 * x[0]
    for j in range(1, n - 1):
        s = s + (j + 1) * x[j]
    for i in range(7):
        r[i] = i * s - 1 if 0 < i < 6 else 0.0 * x[0] - 1
    return r


def linear_rank_1_zeros_jacobian(x):
    j = np.arange(1, len(x) + 1)
    i = np.arange(7)
    return np.outer(np.where((i > 0) & (i < 6), i, 0), np.where((j > 1) & (j < len(x)), j, 0))


def chebyquad(x):                                               # 35
    n = x.shape[0]
    r = np.zeros_like(x)
    for j in range(n):
        u = 2 * x[j] - 1
        older = 1.0 + 0.0 * u
        old = u
        for i in range(n):
            r[i] += old / n
            old, older = 2 * u * old - older, old
    for i in range(1, n, 2):
        r[i] += 1 / ((i + 1)**2 - 1)
    return r


def chebyquad_jacobian(x):
    # T_i' = i U_{i-1}
    n, u = len(x), 2 * x - 1
    second = [np.ones(n, x.dtype), 2 * u]
    while len(second) < n:
        second.append(2 * u * second[-1] - second[-2])
    return np.array([2 * (i + 1) * second[i] / n for i in range(n)])


PUBLISHED = {
    rosenbrock: [-1.2, 1.0], freudenstein_roth: [0.5, -2.0], powell_badly_scaled: [0.1, 1.3],
    brown_badly_scaled: [1.0, 1.3], beale: [1.0, 0.7], jennrich_sampson: [0.3, 0.4], helical_valley: [1.1, 0.6, 0.3],
    bard: [1.0, 1.1, 0.9], gaussian: [0.4, 1.0, 0.1], meyer: [0.02, 4000.0, 250.0], gulf: [5.0, 2.5, 0.15],
    box: [0.3, 10.0, 20.0], powell_singular: [3.0, -1.0, 0.2, 1.0], wood: [-3.0, -1.0, -3.0, -1.0],
    kowalik_osborne: [0.25, 0.39, 0.415, 0.39], brown_dennis: [25.0, 5.0, -5.0, -1.0],
    osborne_1: [0.5, 1.5, -1.0, 0.01, 0.02], biggs: [1.0, 2.0, 1.1, 0.9, 1.2, 1.3],
    osborne_2: [1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5], watson: [0.3, -0.2, 0.5, 0.1, -0.4, 0.2],
    extended_rosenbrock: [-1.2, 1.0, 0.7, -0.3], extended_powell: [3.0, -1.0, 0.5, 1.0, 2.0, -0.7, 0.3, 1.2],
    penalty_1: [1.0, 2.0, 3.0, 4.0], penalty_2: [0.5, 0.4, 0.6, 0.3], variably_dimensioned: [0.7, 0.5, 0.2, -0.1],
    trigonometric: [0.2, 0.3, 0.1, 0.5, 0.7], brown_almost_linear: [0.5, 0.4, 0.7, 0.9, 1.1],
    boundary_value: [-0.1, -0.2, -0.15, -0.3, -0.1], integral_equation: [-0.1, -0.2, -0.15, -0.3, -0.1],
    broyden_tridiagonal: [-1.0, -0.9, -1.1, -0.7, -0.4], broyden_banded: [-1.0, 0.9, -1.1, 0.7, -0.4, 0.2, 0.3, -0.6],
    linear_full_rank: [1.0, 2.0, -1.0, 0.5], linear_rank_1: [1.0, 2.0, -1.0, 0.5],
    linear_rank_1_zeros: [1.0, 2.0, -1.0, 0.5], chebyquad: [0.2, 0.35, 0.55, 0.7, 0.9],
}
"""The functions and points; the Jacobian of ``f`` is ``f_jacobian``."""


def analytic(f, x):
    return np.asarray(globals()[f"{f.__name__}_jacobian"](x))
