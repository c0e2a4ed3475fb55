"""Special functions that generated modules may carry, see :mod:`s2sad.runtime.helpers`.

They use arithmetic and ``math`` only, so that they run as plain Python, in numba's nopython mode and on a GPU. Sources
of the algorithms: [AS] Abramowitz and Stegun, *Handbook of Mathematical Functions*, 1964; [Cody] W. J. Cody, *Rational
Chebyshev approximations for the error function*, Math. Comp. 23, 1969; [AS241] M. J. Wichura, *Algorithm AS 241: the
percentage points of the normal distribution*, Applied Statistics 37, 1988; [Machler] M. Maechler, *Accurately computing
log(1 - exp(-|a|))*, 2012.
"""
from __future__ import annotations

import math
from typing import Any, Final

# ---------------------------------------------------------------------------- logistic family

def sech2(x):
    """The derivative of tanh, 1 / cosh(x)**2."""
    # Even in x, so either exponential may be taken; this one cannot overflow.
    e = math.exp(-2.0 * x) if x > 0.0 else math.exp(2.0 * x)
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


def tanh_slope(x, y):
    """The derivative of y = tanh(x)."""
    # By the result where little cancels.
    return (1.0 - y) * (1.0 + y) if -0.9 < y < 0.9 else sech2(x)


def expit(x):
    """The logistic function 1 / (1 + exp(-x))."""
    if x < 0.0:
        e = math.exp(x)
        return e / (1.0 + e)
    return 1.0 / (1.0 + math.exp(-x))


def logit(p):
    """The inverse of the logistic function, log(p / (1 - p))."""
    if 0.25 <= p <= 0.75:
        # 2 p - 1 is exact; the quotient's rounding would count near 1/2, where the logarithm is small.
        return 2.0 * math.atanh(2.0 * p - 1.0)
    if p == 0.0:
        return -math.inf
    if p == 1.0:
        return math.inf
    if not 0.0 < p < 1.0:
        return math.nan
    return math.log(p / (1.0 - p))


def log_expit(x):
    """log(1 / (1 + exp(-x)))."""
    if x < 0.0:
        return x - math.log1p(math.exp(x))
    return -math.log1p(math.exp(-x))


def softplus(x):
    """log(1 + exp(x))."""
    if x > 0.0:
        return x + math.log1p(math.exp(-x))
    return math.log1p(math.exp(x))


def log1mexp(x):
    """log(1 - exp(-x)) for x >= 0."""
    if x == 0.0:
        return -math.inf
    if x < 0.0:
        return math.nan
    # [Machler]: the two forms lose least on their side of log(2).
    if x < 0.6931471805599453:
        return math.log(-math.expm1(-x))
    return math.log1p(-math.exp(-x))


def logexpm1(x):
    """log(exp(x) - 1) for x >= 0, the inverse of softplus."""
    if x == 0.0:
        return -math.inf
    if x < 0.0:
        return math.nan
    if x < 1.0:
        return math.log(math.expm1(x))
    return x + math.log1p(-math.exp(-x))


def xlogy(x, y):
    """x * log(y), and 0 where x is 0."""
    if x == 0.0 and y == y:
        return 0.0
    return x * math.log(y)


def xlog1py(x, y):
    """x * log(1 + y), and 0 where x is 0."""
    if x == 0.0 and y == y:
        return 0.0
    return x * math.log1p(y)


# ---------------------------------------------------------------------------- error function and normal distribution

def gauss(x):
    """exp(-x * x)."""
    if not abs(x) < 30.0:
        return 0.0 if x == x else x
    # [Cody]: the square of the leading bits is exact, where that of x would be rounded and its error multiplied by it.
    h = math.floor(16.0 * abs(x)) / 16.0
    rest = (abs(x) - h) * (abs(x) + h)
    return math.exp(-h * h) * math.exp(-rest)


def erf(x):
    """The error function."""
    return math.erf(x)


def erfc(x):
    """The complementary error function, 1 - erf(x)."""
    return math.erfc(x)


def norm_pdf(x):
    """The density of the normal distribution, exp(-x * x / 2) / sqrt(2 * pi)."""
    if not abs(x) < 40.0:
        return 0.0 if x == x else x
    h = math.floor(16.0 * abs(x)) / 16.0
    rest = 0.5 * (abs(x) - h) * (abs(x) + h)
    return 0.3989422804014327 * (math.exp(-0.5 * h * h) * math.exp(-rest))


def ndtr(x):
    """The normal distribution function, erfc(-x / sqrt(2)) / 2."""
    t = -0.7071067811865476 * x
    if not 1.0 < t < 40.0:
        return 0.5 * math.erfc(t)
    # x * x / 2 - t * t is what the rounding of t makes of the exponent; the squares of leading bits are exact.
    xh, th = math.floor(-1048576.0 * x) / 1048576.0, math.floor(1048576.0 * t) / 1048576.0
    xl, tl = -x - xh, t - th
    d = 0.5 * xh * xh - th * th + (xh * xl - 2.0 * th * tl) + (0.5 * xl * xl - tl * tl)
    return 0.5 * math.erfc(t) * (1.0 - d)


def mills_gap(x):
    """norm_pdf(x) / ndtr(x) + x."""
    if not x <= -2.0:
        return norm_pdf(x) / ndtr(x) + x
    # [AS] 26.2.14, a continued fraction: 1 / (t + 2 / (t + 3 / (t + ...))) with t = -x.
    value = 0.0
    for k in range(int(15.0 + 700.0 / (x * x)), 0, -1):
        value = k / (value - x)
    return value


def inverse_mills(x):
    """norm_pdf(x) / ndtr(x), the derivative of log_ndtr."""
    if not x <= -2.0:
        return norm_pdf(x) / ndtr(x)
    return mills_gap(x) - x


def log_ndtr(x):
    """The logarithm of the normal distribution function."""
    if x > 0.0:
        return math.log1p(-ndtr(-x))
    if x > -20.0:
        return math.log(ndtr(x))
    # [AS] 26.2.12
    w = 1.0 / (x * x)
    term = 1.0
    series = 0.0
    for k in range(1, 20, 2):
        term *= -k * w
        series += term
    return -0.5 * x * x - math.log(-x) - 0.9189385332046728 + math.log1p(series)


def normal_quantile(q, tail):
    """The quantile of the normal distribution at 1/2 + q; `tail` is 1/2 - abs(q), given where it is known better."""
    # [AS241], PPND16
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
                        + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
                     + 133.14166789178437745) * r + 3.387132872796366608) / (
            ((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
                + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
             + 42.313330701600911252) * r + 1.0)
    if not 0.0 < tail < 1.0:
        return math.copysign(math.inf, q) if tail == 0.0 else math.nan
    r = math.sqrt(-math.log(tail))
    if r <= 5.0:
        r -= 1.6
        value = (((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.241780725177450611770) * r
                     + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r
                  + 4.6303378461565452959) * r + 1.42343711074968357734) / (
            ((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
                + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r
             + 2.05319162663775882187) * r + 1.0)
    else:
        r -= 5.0
        value = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
                     + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r
                  + 5.4637849111641143699) * r + 6.6579046435011037772) / (
            ((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r
                + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r
             + 0.59983220655588793769) * r + 1.0)
    return math.copysign(value, q)


def ndtri(p):
    """The inverse of the normal distribution function."""
    return normal_quantile(p - 0.5, p if p < 0.5 else 1.0 - p)


def erfinv(y):
    """The inverse of the error function."""
    return 0.7071067811865476 * normal_quantile(0.5 * y, 0.5 * (1.0 - abs(y)))


# ---------------------------------------------------------------------------- gamma family

def cotpi(x):
    """The cotangent of pi * x, accurate near its poles and its zeros."""
    # The remainder of the absolute value is exact.
    r = abs(x) % 1.0
    if r > 0.5:
        r -= 1.0
    if r > 0.25:
        c = math.tan(math.pi * (0.5 - r))
    elif r < -0.25:
        c = -math.tan(math.pi * (0.5 + r))
    else:
        c = 1.0 / math.tan(math.pi * r)
    return -c if x < 0.0 else c


def gammaln_positive(x):
    """The logarithm of the gamma function for x > 0."""
    if x >= 10.0:
        # Stirling's series, [AS] 6.1.41
        w = 1.0 / (x * x)
        series = 1.0 / 12.0 + w * (-1.0 / 360.0 + w * (1.0 / 1260.0 + w * (-1.0 / 1680.0 + w * (
            1.0 / 1188.0 + w * (-691.0 / 360360.0 + w * (1.0 / 156.0 + w * (-3617.0 / 122400.0)))))))
        return (x - 0.5) * (math.log(x) - 1.0) + (0.4189385332046727 + series / x)
    product = 1.0
    while x > 2.5:
        x -= 1.0
        product *= x
    correction = 0.0
    z = x - 2.0
    if x < 0.5:
        z = x
        correction = math.log1p(x) + math.log(x)
    elif x < 1.5:
        z = x - 1.0
        correction = math.log1p(z)
    # [AS] 6.1.33 at 2 + z: the coefficients are zeta(k) - 1.
    series = 0.0
    k = 28
    for c in (3.725334024788457e-09, 7.45071178983543e-09, 1.4901554828365043e-08, 2.980350351465228e-08,
              5.960818905125948e-08, 1.1921992596531106e-07, 2.38450502727733e-07, 4.769329867878064e-07,
              9.539620338727962e-07, 1.908212716553939e-06, 3.81729326499984e-06, 7.637197637899763e-06,
              1.528225940865187e-05, 3.058823630702049e-05, 6.124813505870483e-05, 0.00012271334757848915,
              0.0002460865533080483, 0.0004941886041194645, 0.0009945751278180853, 0.0020083928260822143,
              0.00407735619794434, 0.008349277381922827, 0.01734306198444914, 0.03692775514336993,
              0.08232323371113819, 0.2020569031595943, 0.6449340668482264):
        series = c / k - z * series
        k -= 1
    return math.log(product) + (z * (0.42278433509846713 + z * series) - correction)


def gammaln(x):
    """The logarithm of the absolute value of the gamma function; infinite at 0, -1, -2, ..."""
    if x <= 0.0:
        r = abs(x) % 1.0
        if r == 0.0:
            return math.inf
        # Reflection, [AS] 6.1.17
        sine = math.sin(math.pi * (1.0 - r if r > 0.5 else r))
        if x > -1e-8:
            return -math.log(-x)
        return math.log(math.pi / (-x * sine)) - gammaln_positive(-x)
    return gammaln_positive(x)


def digamma(x):
    """The derivative of gammaln; NaN at its poles 0, -1, -2, ..."""
    total = 0.0
    if x <= 0.0:
        if x % 1.0 == 0.0 or x < -1e300:
            return math.nan
        # Reflection, [AS] 6.3.7
        total = -math.pi * cotpi(x)
        x = 1.0 - x
    if x < 1.0:
        total -= 1.0 / x
        x += 1.0
    elif 2.0 < x < 3.0:
        x -= 1.0
        total += 1.0 / x
    if x <= 2.0:
        # The difference to the value at the zero x0, term by term, has the factor d = x - x0.
        d = (x - 1.4616321449683622) - 9.549995429965697e-17
        slope = 0.0
        for k in range(9, -1, -1):
            slope += 1.0 / ((k + x) * (k + 1.4616321449683622))
        u, v = 1.0 / (x + 10.0), 0.08724760900994352
        # [AS] 6.3.18 at x + 10 and at x0 + 10: the divided difference of the series, as Horner's scheme gives it.
        series = 0.0
        value = 0.0
        for c in (3617.0 / 8160.0, -1.0 / 12.0, 691.0 / 32760.0, -1.0 / 132.0, 1.0 / 240.0, -1.0 / 252.0, 1.0 / 120.0,
                  -1.0 / 12.0, 0.0):
            series = series * (v * v) + value
            value = value * (u * u) + c
        return total + (d * (slope + 0.5 * u * v - u * v * (u + v) * series) + math.log1p(d * v))
    while x < 10.0:
        total -= 1.0 / x
        x += 1.0
    w = 1.0 / (x * x)
    # Asymptotic series, [AS] 6.3.18: -B_2k / (2k x**2k), k = 1 to 8.
    series = w * (-1.0 / 12.0 + w * (1.0 / 120.0 + w * (-1.0 / 252.0 + w * (1.0 / 240.0 + w * (-1.0 / 132.0 + w * (
        691.0 / 32760.0 + w * (-1.0 / 12.0 + w * (3617.0 / 8160.0))))))))
    return total + (math.log(x) - 0.5 / x + series)


def hurwitz(s, x):
    """The sum of (x + k)**-s over k = 0, 1, 2, ... for an integer s >= 2 and x > 0."""
    total = 0.0
    while x < 14.0 + s:
        term = 1.0
        for _ in range(s):
            term /= x
        total += term
        x += 1.0
    # Euler-Maclaurin summation, [AS] 23.1.30, with Bernoulli numbers.
    n = s - 1
    power = 1.0
    for _ in range(n):
        power /= x
    t = power / n
    rest = 0.5 * power / x + t
    k = 0
    for bernoulli in (1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0,
                      -3617.0 / 510.0, 43867.0 / 798.0):
        t *= (2 * k + n) * (2 * k + n + 1.0) / ((2 * k + 1.0) * (2 * k + 2.0)) / (x * x)
        rest += bernoulli * t
        k += 1
    return total + rest


def polygamma(n, x):
    """The derivative of order `n` >= 1 of digamma; NaN at its poles 0, -1, -2, ..."""
    sign = -1.0 if n % 2 == 0 else 1.0
    factorial = sign
    for k in range(2, n + 1):
        factorial *= k
    if x > 0.0:
        return factorial * hurwitz(n + 1, x)
    if x % 1.0 == 0.0:
        return math.nan
    # The terms up to the first positive one are a difference of two such sums.
    below = (-x) % 1.0
    return factorial * (hurwitz(n + 1, x % 1.0) + sign * (hurwitz(n + 1, below) - hurwitz(n + 1, 1.0 - x)))


def reduced_bessel(n, z):
    """The spherical Bessel function j_n(z) divided by z**n, which has no singularity; sin(z) / z for n = 0."""
    term = 1.0
    for k in range(1, n + 1):
        term /= 2.0 * k + 1.0
    if abs(z) < n + 2.0:
        value = term
        k = 0
        while abs(term) > 1e-18 * abs(value):
            k += 1
            term *= -0.5 * z * z / (k * (2.0 * (n + k) + 1.0))
            value += term
        return value
    # Upward recurrence, stable for z > n.
    before = math.cos(z)
    value = math.sin(z) / z
    for k in range(n):
        before, value = value, ((2.0 * k + 1.0) * value - before) / (z * z)
    return value


# ---------------------------------------------------------------------------- parts of numbers

def significand(x):
    """The first result of frexp: the number times a power of two, 1/2 to 1 in absolute value."""
    return math.frexp(x)[0]


def binary_exponent(x):
    """The second result of frexp: the exponent of the power of two that was taken off."""
    return math.frexp(x)[1]


# A helper comes after those it needs.
IN_ORDER: Final[tuple[Any, ...]] = (
    sech2, tanh_slope, expit, logit, log_expit, softplus, log1mexp, logexpm1, xlogy, xlog1py, gauss, erf, erfc,
    norm_pdf, ndtr, mills_gap, inverse_mills, log_ndtr, normal_quantile, ndtri, erfinv, cotpi, gammaln_positive,
    gammaln, digamma, hurwitz, polygamma, reduced_bessel, significand, binary_exponent)
