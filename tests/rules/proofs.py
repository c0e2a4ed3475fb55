"""What each rule's function is, in terms mpmath can differentiate to 50 digits, and where to look at it.

A rule without an entry here fails the tests.
"""
from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import NormalDist

from mpmath import mp

COUNT = 200
"""So many points are drawn for each rule, besides those that are named."""


@dataclass(frozen=True)
class Proof:
    """The function, an interval to draw from for each operand, and points that must be among those tried.

    An interval of two integers is drawn from as integers; its operand has no derivative. ``ulps`` is the error allowed
    anywhere, in units of the last place of the partial, or of ``floor`` where the partial is smaller: near a zero of
    its own nothing bounds a relative error.
    """

    f: Callable
    intervals: tuple[tuple[float, float], ...]
    points: tuple[tuple[float, ...], ...] = ()
    ulps: float = 4.0
    floor: float = 0.0

    def operands(self, count: int = COUNT) -> Iterator[tuple[float, ...]]:
        yield from self.points
        rng = random.Random(20240611)
        for _ in range(count):
            yield tuple(_draw(rng, *i) for i in self.intervals)

    def exact(self, operands: tuple[float, ...]) -> list:
        return [x if self.integer(k) else mp.mpf(x) for k, x in enumerate(operands)]

    def integer(self, k: int) -> bool:
        return isinstance(self.intervals[k][0], int)


def _draw(rng: random.Random, low: float, high: float) -> float:
    if isinstance(low, int) and isinstance(high, int):
        return rng.randint(low, high)
    if rng.random() < 0.5:
        return rng.uniform(low, high)
    # Close to an end of the interval, at every scale.
    away = (high - low) * 10.0 ** rng.uniform(-6.0, 0.0)
    return low + away if rng.random() < 0.5 else high - away


def _sign(x):
    return mp.mpf(1) if x > 0 else mp.mpf(-1)


def _reduced_bessel(n, z):
    double_factorial = mp.fac2(2 * n + 1)
    return mp.hyp0f1(mp.mpf(n) + mp.mpf(3) / 2, -z * z / 4) / double_factorial


def _ndtr(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _ndtri(p):
    # By Newton's method from a double: mpmath's inverse loses digits at the ends.
    if p > 0.5:
        return -_ndtri(1 - p)
    x = mp.mpf(NormalDist().inv_cdf(float(p))) if p > 1e-15 else -mp.sqrt(-2 * mp.log(p))
    while True:
        correction = (mp.log(_ndtr(x)) - mp.log(p)) * _ndtr(x) / mp.npdf(x)
        x -= correction
        if abs(correction) < mp.eps ** 0.6 * (1 + abs(x)):
            return x


R = (-5.0, 5.0)       # any number of moderate size
P = (0.0, 50.0)       # positive
U = (-1.0, 1.0)
BIG = 1e200

PROOFS: dict[str, Proof] = {
    "add": Proof(lambda x, y: x + y, (R, R)),
    "sub": Proof(lambda x, y: x - y, (R, R)),
    "mul": Proof(lambda x, y: x * y, (R, R), ((1e300, 1e-300),)),
    "div": Proof(lambda x, y: x / y, (R, R), ((1e300, 1e10), (1e-300, 1e-10), (1e-290, 1e5),)),
    "neg": Proof(lambda x: -x, (R,)),
    "pos": Proof(lambda x: x, (R,)),
    "pow": Proof(lambda x, y: x ** y, (P, R), ((1e300, -0.5), (1e-300, 0.5), (2.0, 1000.0), (2.0, -3.0),
                                                  (1e5, 4.0), (0.5, 0.0)), ulps=40.0),
    "mod": Proof(lambda x, y: x - y * mp.floor(x / y), ((-50.0, 50.0), R), ((1e9 + 0.3, 0.7), (-1e9 + 0.3, 0.7))),
    "np.fmod": Proof(lambda x, y: x - y * _sign(x * y) * mp.floor(abs(x / y)), ((-50.0, 50.0), R),
                     ((-1e9 + 0.3, 0.7),)),
    "select": Proof(lambda c, a, b: a if c else b, ((0, 1), R, R)),
    "np.square": Proof(lambda x: x * x, (R,)),
    "np.reciprocal": Proof(lambda x: 1 / x, (R,), ((1e150,), (-1e-150,))),
    "math.sqrt": Proof(mp.sqrt, (P,), ((1e-300,), (1e300,))),
    "np.cbrt": Proof(lambda x: _sign(x) * mp.cbrt(abs(x)), (R,), ((1e-300,), (1e300,), (-8.0,))),
    "math.hypot": Proof(mp.hypot, (R, R), ((1e300, 1e290), (1e-300, 1e-290), (BIG, BIG), (1e-200, 1e-200), (0.0, 1.0))),
    "math.exp": Proof(mp.exp, ((-700.0, 700.0),)),
    "math.exp2": Proof(lambda x: mp.mpf(2) ** x, ((-1000.0, 1000.0),), ((1e-300,),)),
    "math.expm1": Proof(mp.expm1, ((-40.0, 40.0),), ((1e-20,), (-700.0,))),
    "math.log": Proof(mp.log, (P,), ((1e-300,), (1e300,))),
    "math.log2": Proof(lambda x: mp.log(x) / mp.ln2, (P,), ((1e-300,), (1e300,))),
    "math.log10": Proof(mp.log10, (P,), ((1e-300,), (1e300,))),
    "math.log1p": Proof(mp.log1p, ((-1.0, 50.0),), ((1e300,), (1e-300,), (1e-20,), (-1.0 + 1e-15,))),
    "np.logaddexp": Proof(lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), (R, R), ((600.0, -20.0), (-600.0, -600.5)),
                          ulps=10.0),
    "np.logaddexp2": Proof(lambda x, y: mp.log(2 ** x + 2 ** y) / mp.ln2, (R, R), ((600.0, -20.0),), ulps=250.0),
    "math.sin": Proof(mp.sin, (R,), ((1e10,), (1e-300,), (100.0,), (1e-20,))),
    "math.cos": Proof(mp.cos, (R,), ((1e10,), (1e-300,), (100.0,), (1e-20,))),
    "math.tan": Proof(mp.tan, ((-1.5, 1.5),), ((1.5707963267948966,), (1.570796,), (1e10,), (1e-300,),
                                                 (1.5707,), (1e-20,))),
    "math.asin": Proof(mp.asin, (U,), ((1.0 - 1e-15,), (1e-20,))),
    "math.acos": Proof(mp.acos, (U,), ((1.0 - 1e-15,), (-1.0 + 1e-15,))),
    "math.atan": Proof(mp.atan, (R,), ((1e100,), (1e-20,))),
    "math.atan2": Proof(mp.atan2, (R, R), ((1e300, 1e299), (1e-300, -1e-299), (1e-200, 1e-200), (-BIG, BIG),
                                            (0.0, 1.0), (1.0, 0.0))),
    "math.sinh": Proof(mp.sinh, (R,), ((700.0,),)),
    "math.cosh": Proof(mp.cosh, (R,), ((-700.0,), (1e-20,))),
    "math.tanh": Proof(mp.tanh, (R,), ((20.0,), (-300.0,), (1e-20,))),
    "math.asinh": Proof(mp.asinh, (R,), ((1e300,), (-1e-300,), (BIG,), (1e-20,))),
    "math.acosh": Proof(mp.acosh, ((1.0, 50.0),), ((1e300,), (BIG,), (1.0 + 1e-15,))),
    "math.atanh": Proof(mp.atanh, (U,), ((1.0 - 1e-15,), (1e-20,))),
    "math.radians": Proof(mp.radians, (R,)),
    "math.degrees": Proof(mp.degrees, (R,)),
    "np.sinc": Proof(mp.sincpi, (R,), ((0.0,), (1e-20,), (1e-3,), (0.6366,), (0.6367,)), floor=1.0),
    "math.erf": Proof(mp.erf, (R,), ((1e-20,), (20.0,))),
    "math.erfc": Proof(mp.erfc, (R,), ((1e-20,), (20.0,))),
    "math.gamma": Proof(mp.gamma, ((0.0, 20.0),), ((-2.5,), (1e-20,))),
    "math.lgamma": Proof(lambda x: mp.log(abs(mp.gamma(x))), ((0.0, 20.0),), ((-2.5,), (1e10,), (1e-20,))),
    "abs": Proof(abs, (R,), ((-1e-300,),)),
    "math.copysign": Proof(lambda x, y: abs(x) * _sign(y), (R, R)),
    "max": Proof(max, (R, R)),
    "min": Proof(min, (R, R)),
    "np.fmax": Proof(max, (R, R)),
    "np.fmin": Proof(min, (R, R)),
    "np.nan_to_num": Proof(lambda x: x, (R,)),
    "float": Proof(lambda x: x, (R,)),
    "math.ldexp": Proof(lambda x, n: mp.ldexp(x, int(n)), (R, (-50, 50))),
    "np.real": Proof(lambda x: x, (R,)),
    "np.conj": Proof(lambda x: x, (R,)),
    "np.imag": Proof(lambda x: mp.mpf(0), (R,)),
    "np.angle": Proof(lambda x: mp.mpf(0) if x > 0 else mp.pi, (R,)),
    "zmul": Proof(lambda b, p: b * p, (R, R)),
    "nonzero": Proof(lambda d: d, (R,)),
    "sech2": Proof(lambda x: mp.sech(x) ** 2, (R,), ((20.0,), (-300.0,), (1e-20,))),
    "tanh_slope": Proof(lambda x: mp.sech(x) ** 2, (R,), ((20.0,), (-300.0,), (1e-20,), (1.47,), (1.475,))),
    "expit": Proof(lambda x: 1 / (1 + mp.exp(-x)), ((-40.0, 40.0),), ((40.0,), (-700.0,), (700.0,), (1e-20,))),
    "logit": Proof(lambda x: mp.log(x / (1 - x)), ((0.0, 1.0),), ((0.5,), (1e-300,), (1.0 - 1e-16,))),
    "log_expit": Proof(lambda x: -mp.log1p(mp.exp(-x)), ((-40.0, 40.0),), ((700.0,), (-1e3,), (1e-20,))),
    "softplus": Proof(lambda x: mp.log1p(mp.exp(x)), ((-40.0, 40.0),), ((-700.0,), (1e3,), (1e-20,))),
    "log1mexp": Proof(lambda x: mp.log(-mp.expm1(-x)) if x < 1 else mp.log1p(-mp.exp(-x)),
                      ((0.0, 40.0),), ((1e-300,), (700.0,), (0.6931471805599453,))),
    "logexpm1": Proof(lambda x: mp.log(mp.expm1(x)), ((0.0, 40.0),), ((1e-300,), (1e3,), (0.6931471805599453,))),
    "xlogy": Proof(lambda x, y: x * mp.log(y), (P, P), ((2.0, 1e-300), (1e300, 2.0), (3.0, 1.0 + 1e-15))),
    "xlog1py": Proof(lambda x, y: x * mp.log1p(y), (P, (-1.0, 50.0)), ((2.0, 1e-300), (2.0, -1.0 + 1e-15))),
    "gauss": Proof(lambda x: mp.exp(-x * x), ((-26.0, 26.0),), ((20.1,), (1e-20,), (1e-300,))),
    "norm_pdf": Proof(lambda x: mp.npdf(x), ((-37.0, 37.0),), ((20.1,), (1e-20,), (1e-300,))),
    "ndtr": Proof(_ndtr, ((-37.0, 8.0),), ((0.0,), (20.1,), (37.0,), (1e-20,))),
    "log_ndtr": Proof(lambda x: mp.log(_ndtr(x)) if x < 0 else mp.log1p(-_ndtr(-x)),
                      ((-40.0, 8.0),), ((0.0,), (-1e3,), (-1e8,), (-2.0,), (37.0,))),
    "inverse_mills": Proof(lambda x: mp.npdf(x) / _ndtr(x), ((-40.0, 8.0),), ((0.0,), (-1e3,), (-2.0,))),
    "mills_gap": Proof(lambda x: mp.npdf(x) / _ndtr(x) + x, ((-40.0, 8.0),), ((0.0,), (-1e3,), (-2.0,)), floor=1.0),
    "ndtri": Proof(_ndtri, ((0.0, 1.0),), ((0.5,), (1e-300,), (0.5 + 1e-10,), (1.0 - 1e-16,))),
    "erfinv": Proof(mp.erfinv, (U,), ((0.0,), (1e-300,), (1.0 - 1e-16,), (-1.0 + 1e-16,))),
    "digamma": Proof(mp.digamma, ((0.0, 30.0),), ((-2.5,), (-0.3,), (1e10,), (1e-20,))),
    "polygamma": Proof(lambda n, x: mp.polygamma(int(n), x), ((1, 4), (0.0, 30.0)),
                       ((1, -0.3), (2, -2.7), (3, -1.4), (1, 1e-20), (2, 1e10))),
    "significand": Proof(lambda x: mp.frexp(x)[0], (R,), ((1e-300,), (-1e300,))),
    "reduced_bessel": Proof(_reduced_bessel, ((0, 5), (-12.0, 12.0)), ((0, 0.0), (1, 0.0), (2, 1e-3), (3, 40.0)),
                            floor=0.01),
    # s2sad.vmath
    "vector_exp": Proof(mp.exp, ((-700.0, 700.0),)),
    "vector_expm1": Proof(mp.expm1, ((-40.0, 40.0),), ((1e-20,), (-700.0,))),
    "vector_log": Proof(mp.log, (P,), ((1e-300,), (1e300,))),
    "vector_log1p": Proof(mp.log1p, ((-1.0, 50.0),), ((1e300,), (1e-300,), (1e-20,), (-1.0 + 1e-15,))),
    "vector_pow": Proof(lambda x, y: x ** y, (P, R), ((1e300, -0.5), (1e-300, 0.5), (2.0, 1000.0), (2.0, -3.0),
                                                         (1e5, 4.0), (0.5, 0.0)), ulps=40.0),
    "vector_sin": Proof(mp.sin, (R,), ((1e10,), (1e-300,), (100.0,), (1e-20,))),
    "vector_cos": Proof(mp.cos, (R,), ((1e10,), (1e-300,), (100.0,), (1e-20,))),
    "vector_tanh": Proof(mp.tanh, (R,), ((20.0,), (-300.0,), (1e-20,))),
    "vector_sech2": Proof(lambda x: mp.sech(x) ** 2, (R,), ((20.0,), (-300.0,), (1e-20,))),
    "vector_expit": Proof(lambda x: 1 / (1 + mp.exp(-x)), ((-40.0, 40.0),), ((-700.0,), (700.0,), (1e-20,))),
    "vector_erf": Proof(mp.erf, (R,), ((1e-20,),)),
    "vector_erfc": Proof(mp.erfc, (R,), ((1e-20,), (20.0,))),
    "vector_gauss": Proof(lambda x: mp.exp(-x * x), ((-26.0, 26.0),), ((20.1,), (1e-20,), (1e-300,))),
    "vector_norm_pdf": Proof(lambda x: mp.npdf(x), ((-37.0, 37.0),), ((20.1,), (1e-20,), (1e-300,))),
    "vector_ndtr": Proof(_ndtr, ((-37.0, 8.0),), ((0.0,), (20.1,), (37.0,), (1e-20,))),
}
