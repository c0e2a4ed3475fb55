"""The coefficients of `s2sad.runtime.vector`: near-minimax polynomials by Chebyshev interpolation in 60 digits.

    python benchmarks/vector_coefficients.py

Each block names the function approximated, its range, and the largest error found: relative to the function that is
made of it, where that is said. Coefficients are in rising order, rounded to double precision.
"""
from __future__ import annotations

from collections.abc import Callable

import mpmath as mp

mp.mp.dps = 60
Function = Callable[[mp.mpf], mp.mpf]


def series(term: Callable[[int], mp.mpf], terms: int) -> Function:
    coefficients = [term(j) for j in range(terms)]
    return lambda w: mp.polyval(coefficients[::-1], w)


def show(title: str, f: Function, low: mp.mpf, high: mp.mpf, count: int, weight: Function) -> None:
    """Fit ``count`` coefficients of ``f`` on the range; the error is multiplied by ``weight``."""
    fitted = mp.chebyfit(f, [low, high], count)
    rounded = [mp.mpf(float(c)) for c in fitted]
    points = [low + (high - low) * k / 2000 for k in range(2001)]
    worst = max(abs((mp.polyval(rounded, x) - f(x)) * weight(x)) for x in points)
    print(f"{title}\n  [{mp.nstr(low, 8)}, {mp.nstr(high, 8)}], error {mp.nstr(worst, 2)}")
    for c in reversed(rounded):
        print(f"    {float(c)!r}")


def main() -> None:
    half_log2 = mp.log(2) / 2 + mp.mpf(2) ** -20
    show("exp: (exp(r) - 1 - r) / r**2, relative to exp(r)",
         series(lambda j: 1 / mp.factorial(j + 2), 30), -half_log2, half_log2, 11, lambda r: r * r * mp.exp(-r))
    s2 = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * (1 + mp.mpf(2) ** -20)
    show("log: (log((1 + s) / (1 - s)) - 2 s) / (s w), w = s**2, relative to the logarithm",
         series(lambda j: mp.mpf(2) / (2 * j + 3), 60), mp.mpf(0), s2, 7, lambda w: w / 2)
    show("pow: (log((1 + s) / (1 - s)) - 2 s - 2/3 s w) / (s w**2), w = s**2, relative to the logarithm",
         series(lambda j: mp.mpf(2) / (2 * j + 5), 60), mp.mpf(0), s2, 7, lambda w: w * w / 2)
    quarter = (mp.pi / 4) ** 2 * (1 + mp.mpf(2) ** -20)
    show("sin: (sin(r) - r) / (r w), w = r**2, relative to r",
         series(lambda j: (-1) ** (j + 1) / mp.factorial(2 * j + 3), 30), mp.mpf(0), quarter, 6, lambda w: w)
    show("cos: (cos(r) - 1 + w / 2) / w**2, w = r**2",
         series(lambda j: (-1) ** j / mp.factorial(2 * j + 4), 30), mp.mpf(0), quarter, 6, lambda w: w * w)

    def erf_term(j: int) -> mp.mpf:
        return 2 / mp.sqrt(mp.pi) * (-1) ** j / mp.factorial(j) / (2 * j + 1)

    near = series(lambda j: erf_term(j) - (j == 0), 60)
    show("erf to 1: erf(x) / x - 1, w = x**2, relative to erf", near, mp.mpf(0), mp.mpf(1), 13,
         lambda w: 1 / (1 + near(w)))

    def tail(t: mp.mpf) -> mp.mpf:
        x = 3 * (1 + t) / (1 - t)
        return (1 + x) * mp.exp(x * x) * mp.erfc(x)

    def at(x: str) -> mp.mpf:
        return (mp.mpf(x) - 3) / (mp.mpf(x) + 3)

    show("erfc from 1 to 6: (1 + x) exp(x**2) erfc(x), t = (x - 3) / (x + 3), relative to erf",
         tail, at("1"), at("6"), 16, lambda t: mp.exp(-(3 * (1 + t) / (1 - t)) ** 2))
    show("erfc from 0.8 to 28: (1 + x) exp(x**2) erfc(x), t = (x - 3) / (x + 3), relative to erfc",
         tail, at("0.8"), at("28"), 22, lambda t: 1 / tail(t))

    def normal(t: mp.mpf) -> mp.mpf:
        x = 4 * (1 + t) / (1 - t)
        return (1 + x) * mp.exp(x * x / 2) * mp.erfc(x / mp.sqrt(2)) / 2

    show("ndtr from -39 to -1/2: (1 + x) exp(x**2 / 2) ndtr(-x), t = (x - 4) / (x + 4), relative to ndtr",
         normal, -mp.mpf(7) / 9, mp.mpf(35) / 43, 22, lambda t: 1 / normal(t))


if __name__ == "__main__":
    main()
