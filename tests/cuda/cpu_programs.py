"""The programs of the CPU's tests as kernels, one call in each thread, all reading the same arrays.

``python -m tests.cuda.cpu_programs [EVERY]`` takes all of them, or every so many. It prints how many gave the gradient
of the CPU's adjoint and which errors refused the others, and fails where one is wrong. That is on the simulator with
``NUMBA_ENABLE_CUDASIM=1``, else on the device.
"""
from __future__ import annotations

import json
import sys
import warnings
from collections import Counter

import numpy as np

import s2sad
from s2sad.api import modules
from tests.derivatives import programs, test_programs  # noqa: F401

THREADS = 3
SEEDS = np.array([0.5, -1.25, 2.0])


def kernel_of(f, names):
    text = (f"from numba import cuda\n\n\ndef kernel(out, {', '.join(names)}):\n    i = cuda.grid(1)\n"
            f"    if i < out.shape[0]:\n        out[i] = f({', '.join(names)})\n")
    space = modules.load(text, f"kernel_{f.__name__}")
    space["f"] = f
    return space["kernel"]


def plain(a):
    return np.copy(a) if isinstance(a, np.ndarray) else a


def gradient(f, args, wrt):
    """By the CPU's adjoint, as plain Python."""
    text = s2sad.source(f, "grad", *args, wrt=wrt)
    space = {}
    text = text.replace("@njit", "# njit")
    exec("from numba import prange\n" + text, space)
    found = space[f"{f.__name__}_grad"](*map(plain, args))
    return found if isinstance(found, tuple) else (found,)


def check(f, args, wrt):
    code = f.__code__
    names = code.co_varnames[:code.co_argcount]
    kernel = s2sad.differentiate(target="cuda", wrt=wrt)(kernel_of(f, names))
    shadows = {n: np.zeros(np.shape(a) or 1, np.asarray(a).dtype) for n, a in zip(names, args) if n in wrt}
    given = [np.zeros(THREADS), np.copy(SEEDS)]
    for n, a in zip(names, args):
        given += [plain(a)] + ([shadows[n]] if n in shadows else [])
    kernel.adjoint[2, 2](*given)
    expected = gradient(f, args, wrt)
    for n, e in zip(wrt, expected):
        np.testing.assert_allclose(shadows[n], np.reshape(np.sum(SEEDS) * np.asarray(e), np.shape(shadows[n])),
                                   rtol=1e-10, atol=1e-12, err_msg=f"{f.__name__} by {n}")


def main():
    warnings.simplefilter("ignore")
    became, wrong = Counter(), []
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    for f, args, wrt, *_ in list(programs.CASES.values())[::every]:
        try:
            check(f, args, wrt)
            became["right"] += 1
        except s2sad.S2sadError as e:
            became[e.code] += 1
        except AssertionError as e:
            wrong.append(str(e)[-400:])
    print(json.dumps({**became, "wrong": wrong}))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
