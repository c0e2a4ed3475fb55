"""How the strong zero is best written: product, conditional expression, or helper, on the adjoint of a stencil.

    python benchmarks/strong_zero.py

Prints time per call on 1000 points, ratio to the plain product, whether the loop has 256-bit operations, and compile
time.
"""
import time

import numpy as np

FORMS = {
    "plain product": ("", lambda b, p: f"{b} * ({p})"),
    "conditional expression": ("", lambda b, p: f"(0.0 if {b} == 0.0 else {b} * ({p}))"),
    "helper zmul": ("@njit(error_model='numpy')\ndef zmul(b, p):\n    return 0.0 if b == 0.0 else b * p\n",
                    lambda b, p: f"zmul({b}, {p})"),
}
SOURCE = """
from numba import njit
{helper}
@njit(error_model='numpy')
def adjoint(u, b_v, b_u, dt):
    for i in range(1, u.shape[0] - 1):
        b = b_v[i]
        b_u[i] = {middle} + {right} - {left}
"""


def made(helper, product):
    scaled = product("b", "dt")
    namespace = {}
    exec(SOURCE.format(helper=helper, middle=product("b", "u[i]"), right=product(scaled, "u[i + 1]"),
                       left=product(scaled, "u[i - 1]")), namespace)
    return namespace["adjoint"]


def main():
    rng = np.random.default_rng(0)
    u, b_v, b_u = rng.random(1002), rng.random(1002), np.zeros(1002)
    functions = {}
    compiled = {}
    made(*FORMS["plain product"])(u, b_v, b_u, 0.1)          # what numba loads on first use is not counted
    for name, form in FORMS.items():
        functions[name] = made(*form)
        start = time.perf_counter()
        functions[name](u, b_v, b_u, 0.1)
        compiled[name] = time.perf_counter() - start
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(9):
        for name, f in functions.items():
            start = time.perf_counter()
            for _ in range(2000):
                f(u, b_v, b_u, 0.1)
            best[name] = min(best[name], (time.perf_counter() - start) / 2000)
    for name, f in functions.items():
        wide = "<4 x double>" in next(iter(f.inspect_llvm().values()))
        print(f"{name:24s} {best[name] * 1e6:6.3f} us  {best[name] / best['plain product']:5.2f}  "
              f"{'256-bit' if wide else '-':8s} compile {compiled[name] * 1e3:4.0f} ms")


if __name__ == "__main__":
    main()
