"""Dynamic programming, sorting, searching, geometry, transforms. ``CASES``: name -> (function, arguments, wrt)."""
import math

import numpy as np

RNG = np.random.default_rng(13)


def fft(re, im):
    """Radix 2, in place, decimation in time."""
    n = re.shape[0]
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            re[i], re[j] = re[j], re[i]
            im[i], im[j] = im[j], im[i]
    length = 2
    while length <= n:
        angle = -2.0 * math.pi / length
        half = length // 2
        for start in range(0, n, length):
            for k in range(half):
                c, s = math.cos(angle * k), math.sin(angle * k)
                a, b = start + k, start + k + half
                tr = c * re[b] - s * im[b]
                ti = s * re[b] + c * im[b]
                re[b], im[b] = re[a] - tr, im[a] - ti
                re[a], im[a] = re[a] + tr, im[a] + ti
        length *= 2


def spectrum(signal, window):
    """Power at two frequencies of a windowed signal."""
    re = signal * window
    im = np.zeros_like(re)
    fft(re, im)
    return re[1] ** 2 + im[1] ** 2 + 0.5 * (re[3] ** 2 + im[3] ** 2)


def fft_complex(z):
    """The same with complex numbers."""
    n = z.shape[0]
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            z[i], z[j] = z[j], z[i]
    length = 2
    while length <= n:
        root = complex(math.cos(-2.0 * math.pi / length), math.sin(-2.0 * math.pi / length))
        half = length // 2
        for start in range(0, n, length):
            w = 1.0 + 0.0j
            for k in range(half):
                t = w * z[start + k + half]
                z[start + k + half] = z[start + k] - t
                z[start + k] += t
                w *= root
        length *= 2


def complex_spectrum(signal):
    z = np.zeros(signal.shape[0], np.complex128)
    for k in range(signal.shape[0]):
        z[k] = complex(signal[k], 0.3 * signal[k] * signal[k])
    fft_complex(z)
    return z[1].real ** 2 + z[1].imag ** 2 + abs(z[2]) * z[3].real


def insertion_sort(values, weights):
    """L-estimator: a weighted sum of order statistics."""
    x = values.copy()
    for i in range(1, x.shape[0]):
        key = x[i]
        j = i - 1
        while j >= 0 and x[j] > key:
            x[j + 1] = x[j]
            j -= 1
        x[j + 1] = key
    total = 0.0
    for i in range(x.shape[0]):
        total += weights[i] * x[i] * x[i]
    return total


def time_warping(a, b):
    """Cost of the best alignment of two series."""
    n, m = len(a), len(b)
    cost = np.full((n + 1, m + 1), np.inf)
    cost[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            d = (a[i - 1] - b[j - 1]) ** 2
            cost[i, j] = d + min(cost[i - 1, j], cost[i, j - 1], cost[i - 1, j - 1])
    return math.sqrt(cost[n, m])


def viterbi(initial, transition, emission, observed):
    """Log probability of the best path; the path itself is kept in an integer table."""
    states, steps = initial.shape[0], observed.shape[0]
    score = np.log(initial) + np.log(emission[:, observed[0]])
    back = np.zeros((steps, states), np.int64)
    for t in range(1, steps):
        new = np.empty(states)
        for s in range(states):
            best, at = -np.inf, 0
            for p in range(states):
                v = score[p] + math.log(transition[p, s])
                if v > best:
                    best, at = v, p
            new[s] = best + math.log(emission[s, observed[t]])
            back[t, s] = at
        score = new
    last = 0
    for s in range(1, states):
        if score[s] > score[last]:
            last = s
    total = score[last]
    path = np.empty(steps, np.int64)
    path[steps - 1] = last
    for t in range(steps - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    for t in range(steps):
        total += 0.1 * emission[path[t], observed[t]]
    return total


def softmin(a, b, c, gamma):
    m = min(a, b, c)
    return m - gamma * math.log(math.exp((m - a) / gamma) + math.exp((m - b) / gamma) + math.exp((m - c) / gamma))


def soft_alignment(substitution, gap, gamma):
    """Levenshtein distance with a soft minimum; two rows that change roles."""
    n, m = substitution.shape
    above = np.empty(m + 1)
    row = np.empty(m + 1)
    for j in range(m + 1):
        above[j] = j * gap
    for i in range(1, n + 1):
        row[0] = i * gap
        for j in range(1, m + 1):
            row[j] = softmin(above[j] + gap, row[j - 1] + gap, above[j - 1] + substitution[i - 1, j - 1], gamma)
        above, row = row, above
    return above[m]


def newton_implied_volatility(price, spot, strike, maturity):
    """Black-Scholes implied volatility by Newton; stops when the price fits."""
    sigma = 0.3
    for _ in range(50):
        root = sigma * math.sqrt(maturity)
        d1 = math.log(spot / strike) / root + 0.5 * root
        value = spot * 0.5 * math.erfc(-d1 / math.sqrt(2.0)) - strike * 0.5 * math.erfc(-(d1 - root) / math.sqrt(2.0))
        vega = spot * math.sqrt(maturity) * math.exp(-0.5 * d1 * d1) / math.sqrt(2.0 * math.pi)
        step = (value - price) / vega
        sigma -= step
        if abs(step) < 1e-14:
            break
    return sigma


def bisection_then_newton(c):
    """Bracket a root of x**3 + c0*x - c1 by bisection, then polish: only the polish carries the derivative."""
    low, high = 0.0, 4.0
    while high - low > 1e-3:
        middle = 0.5 * (low + high)
        if middle ** 3 + c[0] * middle - c[1] > 0.0:
            high = middle
        else:
            low = middle
    x = 0.5 * (low + high)
    for _ in range(6):
        x -= (x ** 3 + c[0] * x - c[1]) / (3 * x * x + c[0])
    return x * x


def kmeans_step(points, centres):
    """One assignment and update, and the inertia afterwards."""
    n, d = points.shape
    k = centres.shape[0]
    labels = np.empty(n, np.int64)
    sums = np.zeros((k, d))
    counts = np.zeros(k, np.int64)
    for i in range(n):
        best = np.inf
        for c in range(k):
            dist = 0.0
            for a in range(d):
                dist += (points[i, a] - centres[c, a]) ** 2
            if dist < best:
                best = dist
                labels[i] = c
        counts[labels[i]] += 1
        sums[labels[i]] += points[i]
    for c in range(k):
        if counts[c] > 0:
            centres[c] = sums[c] / counts[c]
    inertia = 0.0
    for i in range(n):
        inertia += np.sum((points[i] - centres[labels[i]]) ** 2)
    return inertia


def natural_spline(knots, values, at):
    """Second derivatives from a tridiagonal system, then evaluation with a binary search for each point."""
    n = knots.shape[0]
    m = np.zeros(n)
    work = np.zeros(n)
    for i in range(1, n - 1):
        ratio = (knots[i] - knots[i - 1]) / (knots[i + 1] - knots[i - 1])
        p = ratio * m[i - 1] + 2.0
        m[i] = (ratio - 1.0) / p
        slope = (values[i + 1] - values[i]) / (knots[i + 1] - knots[i])
        slope -= (values[i] - values[i - 1]) / (knots[i] - knots[i - 1])
        work[i] = (6.0 * slope / (knots[i + 1] - knots[i - 1]) - ratio * work[i - 1]) / p
    for i in range(n - 2, 0, -1):
        m[i] = m[i] * m[i + 1] + work[i]
    m[0] = 0.0
    total = 0.0
    for x in at:
        low, high = 0, n - 1
        while high - low > 1:
            middle = (low + high) // 2
            if knots[middle] > x:
                high = middle
            else:
                low = middle
        h = knots[high] - knots[low]
        a, b = (knots[high] - x) / h, (x - knots[low]) / h
        y = a * values[low] + b * values[high] + ((a ** 3 - a) * m[low] + (b ** 3 - b) * m[high]) * h * h / 6.0
        total += y * y
    return total


def intersect(origin, direction, centre, radius):
    """Distance along a ray to a sphere, or a negative number."""
    oc = origin - centre
    b = np.dot(oc, direction)
    c = np.dot(oc, oc) - radius * radius
    disc = b * b - c
    if disc < 0.0:
        return -1.0
    root = math.sqrt(disc)
    if -b - root > 1e-6:
        return -b - root
    return -b + root


def trace(centres, radii, albedo, light, pixels):
    """Diffuse shading with shadows and mirrored bounces, three at most."""
    total = 0.0
    for px in range(pixels):
        origin = np.array([0.0, 0.0, -3.0])
        direction = np.array([-0.6 + 1.2 * px / pixels, 0.1, 1.0])
        direction /= math.sqrt(np.sum(direction * direction))
        weight = 1.0
        for bounce in range(3):
            nearest, hit = np.inf, -1
            for s in range(radii.shape[0]):
                t = intersect(origin, direction, centres[s], radii[s])
                if 0.0 < t < nearest:
                    nearest, hit = t, s
            if hit < 0:
                total += weight * 0.1 * direction[1]
                break
            origin = origin + nearest * direction
            normal = (origin - centres[hit]) / radii[hit]
            to_light = light - origin
            to_light /= math.sqrt(np.sum(to_light ** 2))
            lit = True
            for s in range(radii.shape[0]):
                if s != hit and intersect(origin, to_light, centres[s], radii[s]) > 0.0:
                    lit = False
                    break
            if lit:
                total += weight * albedo[hit] * max(np.dot(normal, to_light), 0.0)
            weight *= 0.4
            direction = direction - 2.0 * np.dot(direction, normal) * normal
    return total / pixels


def integrand(x, a):
    return math.exp(-a * x * x) * math.cos(3.0 * x) + a / (1.0 + 25.0 * x * x)


def adaptive(low, high, flow, fmid, fhigh, whole, tolerance, a):
    middle = 0.5 * (low + high)
    fl, fr = integrand(0.5 * (low + middle), a), integrand(0.5 * (middle + high), a)
    left = (middle - low) / 6.0 * (flow + 4.0 * fl + fmid)
    right = (high - middle) / 6.0 * (fmid + 4.0 * fr + fhigh)
    if abs(left + right - whole) < 15.0 * tolerance:
        return left + right + (left + right - whole) / 15.0
    return (adaptive(low, middle, flow, fl, fmid, left, 0.5 * tolerance, a)
            + adaptive(middle, high, fmid, fr, fhigh, right, 0.5 * tolerance, a))


def quadrature(low, high, a):
    """Adaptive Simpson by recursion."""
    flow, fmid, fhigh = integrand(low, a), integrand(0.5 * (low + high), a), integrand(high, a)
    whole = (high - low) / 6.0 * (flow + 4.0 * fmid + fhigh)
    return adaptive(low, high, flow, fmid, fhigh, whole, 1e-6, a)


def softened(x):
    p = np.exp(x)
    return p / np.sum(p)


TRANSITION = np.array([softened(r) for r in RNG.normal(size=(3, 3))])
EMISSION = np.array([softened(r) for r in RNG.normal(size=(3, 4))])

CASES = {
    "spectrum": (spectrum, (RNG.normal(size=8), np.hanning(10)[1:-1].copy()), ("signal", "window")),
    "complex_spectrum": (complex_spectrum, (RNG.normal(size=8),), ("signal",)),
    "insertion_sort": (insertion_sort, (RNG.normal(size=7), RNG.normal(size=7)), ("values", "weights")),
    "time_warping": (time_warping, (RNG.normal(size=5), RNG.normal(size=6)), ("a", "b")),
    "viterbi": (viterbi, (softened(RNG.normal(size=3)), TRANSITION, EMISSION, np.array([0, 2, 1, 3, 3, 0])),
                ("initial", "transition", "emission")),
    "soft_alignment": (soft_alignment, (RNG.uniform(0.0, 1.5, (4, 5)), 0.8, 0.3), ("substitution", "gap", "gamma")),
    "newton_implied_volatility": (newton_implied_volatility, (0.11, 1.0, 1.02, 0.7),
                                  ("price", "spot", "strike", "maturity")),
    "bisection_then_newton": (bisection_then_newton, (np.array([1.3, 5.0]),), ("c",)),
    "kmeans_step": (kmeans_step, (RNG.normal(size=(9, 2)), RNG.normal(size=(3, 2))), ("points", "centres")),
    "natural_spline": (natural_spline, (np.array([0.0, 0.7, 1.5, 2.1, 3.0]), RNG.normal(size=5),
                                        np.array([0.2, 1.1, 1.6, 2.9])), ("knots", "values", "at")),
    "ray_tracing": (trace, (np.array([[0.0, 0.0, 0.0], [0.9, 0.3, 0.4]]), np.array([0.7, 0.4]), np.array([0.8, 0.5]),
                            np.array([2.0, 3.0, -4.0]), 7), ("centres", "radii", "albedo", "light")),
    "quadrature": (quadrature, (-1.0, 2.0, 0.7), ("low", "high", "a")),
}
