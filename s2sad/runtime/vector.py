"""Elementary functions without branches, so that loops that call them are vectorised; generated modules may carry them.

Arithmetic only, on double precision, and the same on every machine: bits are read and made by ``view``, sums that must
be exact are Dekker's and Knuth's (T. J. Dekker, *A floating-point technique for extending the available precision*,
Numer. Math. 18, 1971), nothing relies on fused multiply-adds. Both sides of a choice are computed, and one is taken.
Coefficients are those that ``benchmarks/vector_coefficients.py`` prints. Sources of the algorithms: [CW] W. J. Cody
and W. Waite, *Software manual for the elementary functions*, 1980 (reduction of arguments by constants in parts);
[Tang] P. T. P. Tang, *Table-driven implementation of the expm1 function in IEEE floating-point arithmetic*, ACM TOMS
18, 1992; [Ng] K. C. Ng, *FDLIBM*, 1993 (the logarithm by ``s = f / (2 + f)``, the tail of a reduced argument); [SL] M.
M. Shepherd and J. G. Laframboise, *Chebyshev approximation of (1 + 2x) exp(x**2) erfc x*, Math. Comp. 36, 1981. For
their errors see :mod:`s2sad.vmath`.
"""
from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

# Adding 1.5 * 2**52 to a number below 2**51 rounds it to a whole number, which is then in the low bits of the sum.
# 4843621399236968448 is the pattern of 1.5 * 2**52, 4607182418800017408 that of 1.0.

# ---------------------------------------------------------------------------- exponentials

def vector_exp(x):
    """exp(x)."""
    c = 710.0 if x > 710.0 else x
    c = -746.0 if c < -746.0 else c
    return vector_exp_sum(c, 0.0)


def vector_exp_sum(x, tail):
    """exp(x + tail) for x from -746 to 710, or NaN, and a tail that is small beside x."""
    # [CW]: x = k log 2 + r, the first part of k log 2 exact.
    k = (x * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
    h = x - k * 0.6931471803691238
    low = k * 1.9082149292705877e-10 - tail
    r = h - low
    rest = (h - r) - low
    p = (0.5 + r * (0.1666666666666667 + r * (0.04166666666666667 + r * (0.008333333333326141 + r *
         (0.0013888888888883752 + r * (0.00019841269874801046 + r * (2.480158732553376e-05 + r *
         (2.7557255425043745e-06 + r * (2.755727366084684e-07 + r * (2.510520666647184e-08 + r *
         2.091467958547083e-09))))))))))
    one = 1.0 + r
    rest += (1.0 - one) + r
    p = one + (rest + r * r * p)
    # 2**k in two factors: it may be too large or too small for one.
    a = np.float64(0.5 * k + 6755399441055744.0).view(np.int64)
    b = np.float64(k + 6755399441055744.0).view(np.int64) - a
    p *= np.int64((a - 4843621399236967425) << 52).view(np.float64)
    return p * np.int64((b + 1023) << 52).view(np.float64)


def vector_expm1(x):
    """exp(x) - 1, accurate near 0."""
    c = 710.0 if x > 710.0 else x
    c = -40.0 if c < -40.0 else c
    k = (c * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
    h = c - k * 0.6931471803691238
    low = k * 1.9082149292705877e-10
    r = h - low
    rest = (h - r) - low
    p = (0.5 + r * (0.1666666666666667 + r * (0.04166666666666667 + r * (0.008333333333326141 + r *
         (0.0013888888888883752 + r * (0.00019841269874801046 + r * (2.480158732553376e-05 + r *
         (2.7557255425043745e-06 + r * (2.755727366084684e-07 + r * (2.510520666647184e-08 + r *
         2.091467958547083e-09))))))))))
    rest += r * r * p
    # [Tang]: 2**k ((1 - 2**-k) + exp(r) - 1), the sum with its rounding error.
    n = np.float64(k + 6755399441055744.0).view(np.int64) - 4843621399236968448
    m = 60 if n > 60 else n
    small = np.int64((1023 - m) << 52).view(np.float64)
    one = 1.0 - small
    rest += (1.0 - one) - small
    total = one + r
    part = total - one
    rest += (one - (total - part)) + (r - part)
    p = total + rest
    # 2**1024 is too large for one factor.
    m = n - 1 if n > 1000 else n
    p *= np.int64((1023 + m) << 52).view(np.float64)
    p = 2.0 * p if n > 1000 else p
    return x if abs(x) < 1e-17 else p


def vector_expit(x):
    """The logistic function 1 / (1 + exp(-x))."""
    a = abs(x)
    e = vector_exp_sum(-746.0 if a > 746.0 else -a, 0.0)
    return (e if x < 0.0 else 1.0) / (1.0 + e)


def vector_tanh(x):
    """tanh(x)."""
    a = abs(x)
    far = a > 0.55
    t = vector_expm1(-2.0 * a)
    d = 2.0 + t
    y = (-2.0 * (1.0 + t) if far else -t) / d
    # What the sum lost counts near 0 only, where 1 / d is near enough a straight line.
    y = 1.0 + y if far else y - y * ((t - (d - 2.0)) * (1.21 - 0.36 * d))
    y = a if a < 1e-8 else y
    return -y if x < 0.0 else (x if x == 0.0 else y)


def vector_sech2(x):
    """The derivative of tanh, 1 / cosh(x)**2."""
    a = 2.0 * abs(x)
    e = vector_exp_sum(-746.0 if a > 746.0 else -a, 0.0)
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


# ---------------------------------------------------------------------------- logarithms

def vector_log(x):
    """log(x)."""
    tiny = x < 2.2250738585072014e-308
    bits = np.float64(x * 18014398509481984.0 if tiny else x).view(np.int64)
    # x = 2**n (1 + f) with 1 + f from sqrt(1/2) to sqrt(2).
    n = (bits - 4604544271217802189) >> 52
    f = np.int64(bits - (n << 52)).view(np.float64) - 1.0
    k = np.int64(n + 4843621399236968448).view(np.float64) - (6755399441055798.0 if tiny else 6755399441055744.0)
    # [Ng]: log(1 + f) = f - f**2 / 2 + s (f**2 / 2 + w P(w)), with s = f / (2 + f) and w = s**2.
    s = f / (2.0 + f)
    w = s * s
    p = (0.666666666666667 + w * (0.39999999999899505 + w * (0.2857142862597575 + w * (0.22222211134751835 + w *
         (0.18182889128412458 + w * (0.15331721495826012 + w * 0.1461645097955211))))))
    h = 0.5 * f * f
    y = k * 0.6931471803691238 - ((h - (s * (h + w * p) + k * 1.9082149292705877e-10)) - f)
    return (x if x == math.inf else y) if x > 0.0 else (-math.inf if x == 0.0 else math.nan)


def vector_log1p(x):
    """log(1 + x), accurate near 0."""
    u = 1.0 + x
    bits = np.float64(u).view(np.int64)
    n = (bits - 4604544271217802189) >> 52
    f = np.int64(bits - (n << 52)).view(np.float64) - 1.0
    k = np.int64(n + 4843621399236968448).view(np.float64) - 6755399441055744.0
    # What 1 + x lost, divided by it; where n = 0, f is x itself.
    lost = 0.0 if n == 0 else (x - (u - 1.0) if u < 2.0 else 1.0 - (u - x)) / u
    f = x if n == 0 else f
    s = f / (2.0 + f)
    w = s * s
    p = (0.666666666666667 + w * (0.39999999999899505 + w * (0.2857142862597575 + w * (0.22222211134751835 + w *
         (0.18182889128412458 + w * (0.15331721495826012 + w * 0.1461645097955211))))))
    h = 0.5 * f * f
    y = k * 0.6931471803691238 - ((h - (s * (h + w * p) + (k * 1.9082149292705877e-10 + lost))) - f)
    near = x if abs(x) < 1e-17 else y
    return (x if x == math.inf else near) if x > -1.0 else (-math.inf if x == -1.0 else math.nan)


def vector_pow(x, y):
    """x to the power y."""
    a = abs(x)
    tiny = a < 2.2250738585072014e-308
    bits = np.float64(a * 18014398509481984.0 if tiny else a).view(np.int64)
    n = (bits - 4604544271217802189) >> 52
    f = np.int64(bits - (n << 52)).view(np.float64) - 1.0
    k = np.int64(n + 4843621399236968448).view(np.float64) - (6755399441055798.0 if tiny else 6755399441055744.0)
    # log(1 + f) = s (2 + w (2/3 + w P(w))), s = f / (2 + f), w = s**2, all but P in two parts.
    u = 2.0 + f
    s = f / u
    uh = np.int64(np.float64(u).view(np.int64) & -134217728).view(np.float64)
    sh = np.int64(np.float64(s).view(np.int64) & -134217728).view(np.float64)
    sl = s - sh
    s_rest = ((((f - sh * uh) - sh * (u - uh)) - sl * uh) - sl * (u - uh) - s * (f - (u - 2.0))) / u
    w = s * s
    w_rest = ((sh * sh - w) + 2.0 * sh * sl) + sl * sl + 2.0 * s * s_rest
    p = (0.40000000000000024 + w * (0.2857142857133856 + w * (0.22222222271077688 + w * (0.1818180825156866 + w *
         (0.1538557450328144 + w * (0.13285967180066668 + w * 0.12913497226515772))))))
    wh = np.int64(np.float64(w).view(np.int64) & -134217728).view(np.float64)
    q = 0.6666666666666666 * w
    q_rest = ((0.6666666567325592 * wh - q) + 0.6666666567325592 * (w - wh) + 9.93410742555767e-09 * wh
              + 9.93410742555767e-09 * (w - wh)) + (3.700743415417188e-17 * w + 0.6666666666666666 * w_rest + w * w * p)
    v = 2.0 + q
    v_rest = ((2.0 - v) + q) + q_rest
    vh = np.int64(np.float64(v).view(np.int64) & -134217728).view(np.float64)
    m = s * v
    m_rest = ((sh * vh - m) + sh * (v - vh) + sl * vh) + sl * (v - vh) + (s * v_rest + s_rest * v)
    g = k * 0.6931471803691238
    h = g + m
    rest = ((g - h) + m) + (k * 1.9082149292705877e-10 + m_rest)
    total = h + rest
    rest += h - total
    log = (total if a < math.inf else a) if a > 0.0 else -math.inf
    # Times y, which is no larger than it matters.
    z = 1e20 if y > 1e20 else y
    z = -1e20 if z < -1e20 else z
    e = z * log
    zh = np.int64(np.float64(z).view(np.int64) & -134217728).view(np.float64)
    lh = np.int64(np.float64(log).view(np.int64) & -134217728).view(np.float64)
    rest = ((zh * lh - e) + zh * (log - lh) + (z - zh) * lh) + (z - zh) * (log - lh) + z * rest
    tail = 0.0 if abs(e) > 745.2 else rest
    e = 710.0 if e > 710.0 else e
    e = -746.0 if e < -746.0 else e
    r = vector_exp_sum(e, tail)
    odd = (np.floor(y) == y) & (np.floor(0.5 * y) != 0.5 * y)
    r = -r if odd & (np.float64(x).view(np.int64) < 0) else r
    r = math.nan if (-math.inf < x) & (x < 0.0) & (np.floor(y) != y) else r
    r = r if a == a else a
    return 1.0 if (y == 0.0) | (x == 1.0) else r


# ---------------------------------------------------------------------------- trigonometric

def vector_sin(x):
    """sin(x)."""
    # Larger ones need more digits of pi than there are here. The call of ldexp changes nothing; it keeps LLVM from
    # computing the library's sine for every element, to throw it away.
    if abs(x) > 1600000.0:
        return math.sin(math.ldexp(x, 0))
    return vector_sin_near(x, 0)


def vector_cos(x):
    """cos(x)."""
    if abs(x) > 1600000.0:
        return math.cos(math.ldexp(x, 0))
    return vector_sin_near(x, 1)


def vector_sin_near(x, quarters):
    """sin(x + quarters * pi / 2) for abs(x) up to 1.6e6."""
    # [CW]: x = k pi / 2 + r + rest; the products with the first three parts of pi / 2 are exact.
    t = x * 0.6366197723675814 + 6755399441055744.0
    k = t - 6755399441055744.0
    n = np.float64(t).view(np.int64) + quarters
    a = x - k * 1.5707963267341256
    b = k * 6.077100506303966e-11
    c = a - b
    d = c - a
    rest = (a - (c - d)) - (b + d)
    b = k * 2.0222662487111665e-21
    e = c - b
    d = e - c
    rest += ((c - (e - d)) - (b + d)) - k * 8.4784276603689e-32
    r = e + rest
    rest += e - r
    w = r * r
    p = (-0.16666666666666666 + w * (0.008333333333330948 + w * (-0.00019841269836758557 + w * (2.755731610254353e-06
         + w * (-2.505113184314626e-08 + w * 1.591812916105078e-10)))))
    s = r + (r * w * p + rest * (1.0 - 0.5 * w))
    s = x if abs(x) < 1e-9 else s
    p = (0.041666666666666664 + w * (-0.0013888888888887398 + w * (2.4801587298765676e-05 + w *
         (-2.755731727172422e-07 + w * (2.0876146267241254e-09 + w * -1.1382632341807706e-11)))))
    h = 0.5 * w
    d = 1.0 - h
    c = d + (((1.0 - d) - h) + (w * w * p - r * rest))
    y = s if n & 1 == 0 else c
    return y if n & 2 == 0 else -y


# ---------------------------------------------------------------------------- error function and normal distribution

def vector_gauss(x):
    """exp(-x * x)."""
    a = abs(x)
    a = 28.0 if a > 28.0 else a
    # The square in two parts, the first exact: the leading half of the bits squared.
    h = np.int64(np.float64(a).view(np.int64) & -134217728).view(np.float64)
    return vector_exp_sum(-h * h, -(a - h) * (a + h))


def vector_norm_pdf(x):
    """The density of the normal distribution, exp(-x * x / 2) / sqrt(2 * pi)."""
    a = abs(x)
    a = 39.0 if a > 39.0 else a
    h = np.int64(np.float64(a).view(np.int64) & -134217728).view(np.float64)
    return vector_exp_sum(-0.5 * h * h, -0.5 * (a - h) * (a + h)) * 0.3989422804014327


def vector_erf_small(x):
    """erf(x) / x - 1 for abs(x) up to 1."""
    w = x * x
    p = (0.1283791670955126 + w * (-0.3761263890318375 + w * (0.11283791670954879 + w * (-0.026866170645076792 + w *
         (0.0052239776248180145 + w * (-0.000854832698083379 + w * (0.0001205533111164271 + w *
         (-1.4925595266831182e-05 + w * (1.6461000484121368e-06 + w * (-1.6350312701054695e-07 + w *
         (1.4659775274047436e-08 + w * (-1.1372848856791674e-09 + w * 5.957176147748911e-11))))))))))))
    return p


def vector_erf(x):
    """The error function."""
    near = x + x * vector_erf_small(x)
    a = abs(x)
    a = 6.0 if a > 6.0 else a
    # [SL], with a factor 1 + x. One division serves both.
    d = 1.0 / ((a + 3.0) * (a + 1.0))
    t = (a - 3.0) * (a + 1.0) * d
    p = (0.7160046047255598 + t * (-0.23092733308380925 + t * (0.09902075367943361 + t * (-0.010235388899000494 + t *
         (-0.023803913107859617 + t * (0.02195776401249572 + t * (-0.0097506893314027 + t * (0.0016185691087946521 + t
         * (0.0006458150985835851 + t * (-0.00036728755307919913 + t * (-2.0562420081387143e-05 + t *
         (5.6102717072118784e-05 + t * (-1.449380497211421e-06 + t * (-8.8554108163957e-06 + t *
         (1.1408562348960274e-07 + t * 1.1441819515445239e-06)))))))))))))))
    far = 1.0 - vector_gauss(x) * (p * ((a + 3.0) * d))
    far = -far if x < 0.0 else far
    return near if abs(x) < 1.0 else far


def vector_erfc(x):
    """The complementary error function, 1 - erf(x)."""
    a = abs(x)
    a = 28.0 if a > 28.0 else a
    a = 0.8 if a < 0.8 else a
    t = (a - 3.0) / (a + 3.0)
    p = (-0.23092733308380922 + t * (0.09902075367943988 + t * (-0.010235388899006903 + t * (-0.023803913108650623 + t
         * (0.02195776401260185 + t * (-0.009750689293332558 + t * (0.0016185691284627253 + t * (0.0006458142113142664
         + t * (-0.0003672884981333713 + t * (-2.0551666917283155e-05 + t * (5.611951657188275e-05 + t *
         (-1.514139353937439e-06 + t * (-8.990753209933008e-06 + t * (2.6013769398354644e-07 + t *
         (1.5909032295887614e-06 + t * (6.093578989969881e-08 + t * (-2.977058826492753e-07 + t *
         (-4.500492204768994e-08 + t * (5.574954293314484e-08 + t * (1.1715770915493469e-08 + t *
         -9.016971478595987e-09))))))))))))))))))))
    # What sum, divisor and quotient lost, relative to the latter, goes into the exponent.
    q = 0.7160046047255598 + t * p
    u = 1.0 + a
    lost = (1.0 - (u - a) if a > 1.0 else a - (u - 1.0)) / u
    g = q / u
    v = np.int64(np.float64(u).view(np.int64) & -134217728).view(np.float64)
    h = np.int64(np.float64(g).view(np.int64) & -134217728).view(np.float64)
    rest = ((q - h * v) - h * (u - v) - (g - h) * v) - (g - h) * (u - v)
    lost = ((0.7160046047255598 - q) + t * p + rest) / q - lost
    h = np.int64(np.float64(a).view(np.int64) & -134217728).view(np.float64)
    far = vector_exp_sum(-h * h, lost - (a - h) * (a + h)) * g
    far = 2.0 - far if x < 0.0 else far
    near = 0.5 + ((0.5 - x) - x * vector_erf_small(x))
    return near if abs(x) < 0.8 else far


def vector_ndtr(x):
    """The normal distribution function."""
    a = abs(x)
    a = 39.0 if a > 39.0 else a
    a = 0.5 if a < 0.5 else a
    t = (a - 4.0) / (a + 4.0)
    p = (-0.09670347732652586 + t * (0.013999634724427001 + t * (0.02860036405355897 + t * (-0.03219783742818698 + t *
         (0.01793609747932478 + t * (-0.005002378588520617 + t * (-0.0002856230913292946 + t * (0.0006948970722043746
         + t * (-9.44303223238066e-05 + t * (-8.785294133186311e-05 + t * (2.1250470521396484e-05 + t *
         (1.362573803904071e-05 + t * (-3.4338313455145477e-06 + t * (-2.6095168069681086e-06 + t *
         (4.0855432829839183e-07 + t * (5.454751708299471e-07 + t * (-5.023855902032506e-09 + t *
         (-1.0320305829303772e-07 + t * (-1.3548765905528621e-08 + t * (1.2374279360485546e-08 + t *
         2.784719370555807e-09))))))))))))))))))))
    q = 0.47205320650984467 + t * p
    u = 1.0 + a
    lost = (1.0 - (u - a) if a > 1.0 else a - (u - 1.0)) / u
    g = q / u
    v = np.int64(np.float64(u).view(np.int64) & -134217728).view(np.float64)
    h = np.int64(np.float64(g).view(np.int64) & -134217728).view(np.float64)
    rest = ((q - h * v) - h * (u - v) - (g - h) * v) - (g - h) * (u - v)
    lost = ((0.47205320650984467 - q) + t * p + rest) / q - lost
    h = np.int64(np.float64(a).view(np.int64) & -134217728).view(np.float64)
    far = vector_exp_sum(-0.5 * h * h, lost - 0.5 * (a - h) * (a + h)) * g
    far = 1.0 - far if x > 0.0 else far
    z = 0.7071067811865476 * x
    near = 0.5 + 0.5 * (z + z * vector_erf_small(z))
    return near if abs(x) < 0.5 else far


IN_ORDER: Final[tuple[Any, ...]] = (
    vector_exp_sum, vector_exp, vector_expm1, vector_expit, vector_tanh, vector_sech2, vector_log, vector_log1p,
    vector_pow, vector_sin_near, vector_sin, vector_cos, vector_gauss, vector_norm_pdf, vector_erf_small, vector_erf,
    vector_erfc, vector_ndtr)
