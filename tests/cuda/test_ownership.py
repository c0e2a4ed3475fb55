"""What the ownership pass proves is true: random kernels, run for every thread with the elements written down."""
from __future__ import annotations

import random
from dataclasses import replace
from types import SimpleNamespace

import pytest
from numba import types

from s2sad import driver
from s2sad.api import modules
from s2sad.cuda.ownership import find_ownership
from s2sad.errors import UnsupportedSyntax
from s2sad.frontend.source import UserFunction

ONE = types.float64[::1]
N = 24
"""Elements of the array: few, so that threads that can meet do, and negative indices wrap to elements of others."""


class Noted(dict):
    """Stands for an array; the elements touched."""

    shape = (N,)

    def __init__(self):
        super().__init__()
        self.touched = set()

    def __getitem__(self, k):
        self.touched.add(k if k >= 0 else k + N)
        return 1.0

    def __setitem__(self, k, value):
        self.touched.add(k if k >= 0 else k + N)


def owned(text: str) -> tuple[bool, tuple[str, ...]]:
    """Whether the pass proves ``a`` to be the thread's own, and the extents of the launch that must be 1."""
    f = modules.load(text, "kernel")["kernel"]
    user = replace(UserFunction.from_callable(f), target="cuda")
    fn, _, _ = driver.prepare(user, (ONE, types.int64, types.int64), check_division=False)
    try:
        found = find_ownership(fn, frozenset({"a"}))
    except UnsupportedSyntax as e:
        assert e.code == "S2S081" and e.loc.line
        return False, ()
    return "a" in found.own, found.ones


def meet(text: str, blocks: int, threads: int, m: int, n: int) -> bool:
    """Whether two threads touch one element."""
    f = modules.load(text, "kernel")["kernel"]
    seen: set[int] = set()
    place = SimpleNamespace(threadIdx=SimpleNamespace(), blockIdx=SimpleNamespace(),
                            blockDim=SimpleNamespace(x=threads),
                            gridDim=SimpleNamespace(x=blocks),
                            gridsize=lambda k: blocks * threads)
    f.__globals__["cuda"] = place
    for b in range(blocks):
        for t in range(threads):
            place.blockIdx.x, place.threadIdx.x = b, t
            place.grid = lambda k, at=b * threads + t: at
            a = Noted()
            f(a, m, n)
            if a.touched & seen:
                return True
            seen |= a.touched
    return False


def random_kernel(r: random.Random) -> str:
    place = r.choice(["cuda.grid(1)", "cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x", "cuda.threadIdx.x",
                      "cuda.blockIdx.x", "cuda.grid(1) + cuda.gridsize(1)", "cuda.grid(1) // 2", "cuda.grid(1) % 3"])
    lines = ["from numba import cuda", "", "def kernel(a, m, n):", f"    i = {place}", "    k = 0", "    j = i"]
    indent = "    "
    for _ in range(r.randrange(3)):
        kind = r.randrange(7)
        c, d, step = r.randrange(-2, 4), r.randrange(4), r.choice([-2, -1, 1, 2])
        if kind == 0:
            lines.append(f"{indent}for k in range({d}, {d + r.randrange(4)}):")
        elif kind == 1:
            lines.append(f"{indent}for k in range({c}, {c + step * r.randrange(3)}, {step}):")
        elif kind == 2:
            lines.append(f"{indent}if {r.choice(['i', 'j', 'k'])} {r.choice(['<', '<=', '==', '>', '>='])} "
                         f"{r.choice(['m', 'n', str(d), 'cuda.threadIdx.x'])}:")
        elif kind == 3:
            lines.append(f"{indent}for j in range(i, 12, cuda.gridsize(1)):")
        elif kind == 4:
            lines += [f"{indent}if j < n:", f"{indent}    j += cuda.gridsize(1)"]
            continue
        elif kind == 5:
            lines += [f"{indent}if 0 <= j:", f"{indent}    j -= {r.choice(['1', 'cuda.gridsize(1)'])}",
                      f"{indent}    a[j] = 1.0"]
            continue
        else:
            lines.append(f"{indent}if i == {r.choice(['m', '0'])} and k < 2:")
        indent += "    "
    for _ in range(r.randrange(1, 3)):
        index = f"{r.choice(['', '2 * ', '3 * ', '-'])}{r.choice(['i', 'j'])}" + r.choice(
            ["", "", " + k", " - k", " + 1", " + m", " + 2 * k", " - 2", " + m * k", " + cuda.gridsize(1) * k"])
        lines.append(f"{indent}a[{index}] {r.choice(['=', '+='])} 1.0")
    return "\n".join(lines) + "\n"


def test_elements_proven_the_threads_own_are():
    r, proven, refuted = random.Random(6), 0, 0
    for _ in range(400):
        text = random_kernel(r)
        own, ones = owned(text)
        launches = [(b, t, m, n) for b, t in ((1, 4), (2, 3), (3, 1)) for m, n in ((0, 3), (2, 7), (-1, 5))
                    if (b == 1 or "gridDim.x" not in ones) and (t == 1 or "blockDim.x" not in ones)]
        meets = any(meet(text, *launch) for launch in launches)
        assert not (own and meets), text
        proven += own and bool(launches)
        refuted += meets
    assert proven > 50 and refuted > 50                          # it says yes and no, and both happen


@pytest.mark.parametrize("statements", [
    "a[i] = 1.0", "a[3 * i] = 1.0\n    a[3 * i + 2] = 1.0", "if i == 0:\n        a[m] = 1.0",
    "for j in range(i, 12, cuda.gridsize(1)):\n        a[j] += 1.0", "for k in range(2):\n        a[2 * i + k] = 1.0",
])
def test_what_is_proven(statements):
    text = f"from numba import cuda\n\ndef kernel(a, m, n):\n    i = cuda.grid(1)\n    {statements}\n"
    assert owned(text)[0]


@pytest.mark.parametrize("statements", [
    "a[0] = 1.0", "a[m] += 1.0", "a[i // 2] = 1.0", "a[i - 1] = 1.0", "a[i] = 1.0\n    a[i + 1] = 1.0",
    "for k in range(3):\n        a[2 * i + k] = 1.0", "if i > 2:\n        a[0] = 1.0",
    "a[cuda.threadIdx.x] = 1.0\n    a[i] = 1.0",
    "j = i\n    if 0 <= j:\n        j -= cuda.gridsize(1)\n        a[j] = 1.0", "a[i] = a[0]", "a[i * m] = 1.0",
    "cuda.atomic.add(a, 0, 1.0)\n    a[i] = a[0]",
])
def test_what_is_not(statements):
    text = f"from numba import cuda\n\ndef kernel(a, m, n):\n    i = cuda.grid(1)\n    {statements}\n"
    assert not owned(text)[0]
