"""What is proven of threads in shared memory is true: random kernels, each thread run in Python up to its barriers.

Threads are generators that stop at barriers; what each touches between two of them is compared with the others'.
"""
from __future__ import annotations

import random
from dataclasses import replace
from types import SimpleNamespace

import pytest
from numba import types

from s2sad import driver
from s2sad.api import modules
from s2sad.cuda.kernels import with_constant_extents
from s2sad.cuda.races import largest_blocks
from s2sad.cuda.uniform import find_uniform, refuse_divergent_barriers
from s2sad.errors import UnsupportedSyntax
from s2sad.frontend.source import UserFunction

SIZE = 12
HEAD = ("from numba import cuda, float64", "", "def kernel(x, m, n):", f"    a = cuda.shared.array({SIZE}, float64)",
        "    t = cuda.threadIdx.x")


class OutOfRange(Exception):
    """An index beyond the array, or a loop without an end: the kernel's author promises that there is none."""


class Noted:
    """Stands for the array: who touched what, and how."""

    shape = (SIZE,)

    def __init__(self):
        self.touched = set()

    def _note(self, k, how):
        if not -SIZE <= k < SIZE:
            raise OutOfRange
        self.touched.add((k % SIZE, how))

    def __getitem__(self, k):
        self._note(k, "load")
        return 1.0

    def __setitem__(self, k, value):
        self._note(k, "store")


def proven(text: str) -> tuple[bool, int, str]:
    """Whether the kernel passes, the largest block for which it does, and the code of the error if not."""
    f = modules.load(text, "kernel")["kernel"]
    user = replace(UserFunction.from_callable(f), target="cuda")
    fn, _, _ = driver.prepare(user, (types.float64[::1], types.int64, types.int64), check_division=False)
    fn = with_constant_extents(fn)
    try:
        uniform = find_uniform(fn)
        refuse_divergent_barriers(fn, uniform)
        return True, largest_blocks(fn, uniform).extents.get("blockDim.x", 1024), ""
    except UnsupportedSyntax as e:
        assert e.code in ("S2S081", "S2S083") and e.loc.line
        return False, 0, e.code


def runner(text: str):
    """The kernel as a generator function of (place, array, x, m, n)."""
    body = text.split("\n", 5)[5].replace("cuda.syncthreads()", "yield").replace("cuda.atomic.add(a, ", "_add(a, ")
    body = body.replace("while s > 0:", "while s > 0 and _fuel():")
    left = iter(range(200))

    def fuel():
        if next(left, None) is None:
            raise OutOfRange
        return True

    space: dict = {"_fuel": fuel}
    exec("def _add(a, k, v):\n    a._note(k, 'atomic')\n"
         "def kernel(cuda, a, x, m, n):\n    t = cuda.threadIdx.x\n" + body + "\n    yield\n", space)
    return space["kernel"]


def goes_wrong(text: str, threads: int, m: int, n: int) -> str:
    """``race``, ``barrier``, or nothing."""
    kernel = runner(text)
    x = [float(k) for k in range(40)]
    running = []
    for t in range(threads):
        place = SimpleNamespace(threadIdx=SimpleNamespace(x=t), blockDim=SimpleNamespace(x=threads),
                                blockIdx=SimpleNamespace(x=0), gridDim=SimpleNamespace(x=1), grid=lambda k, t=t: t)
        a = Noted()
        running.append((kernel(place, a, x, m, n), a))
    while True:
        ended = [next(g, "ended") == "ended" for g, _ in running]
        owner: dict = {}
        for t, (_, a) in enumerate(running):
            for k, how in a.touched:
                owner.setdefault(k, {}).setdefault(t, set()).add(how)
            a.touched.clear()
        for by in owner.values():
            kinds = set().union(*by.values())
            if len(by) > 1 and kinds not in ({"load"}, {"atomic"}):
                return "race"
        if any(ended):
            return "" if all(ended) else "barrier"


def index(r: random.Random) -> str:
    return r.choice(["t", "t", "t + k", "t + s", "t - k", "2 * t", "2 * t + 1", "s * t", "s - 1 - t", "k", "0", "t + 1",
                     "t // 2", "t + m", f"{SIZE - 1} - t", "s * (2 * t + 1) - 1", "s * (2 * t + 2) - 1", "t % 2", "j"])


def condition(r: random.Random) -> str:
    return r.choice(["t < s", "t < n", "t == 0", "t == cuda.blockDim.x - 1", "t % 2 == 0", "t >= k", "t % (2 * s) == 0",
                     "0 < t < n - 1", "t == k", "s > 1", "n > 2", "k % 2 == 0", "t > 0 or s > 2", "not t < s",
                     "x[k] > 1.0", "x[t] > 1.0"])


def access(r: random.Random) -> str:
    return r.choice([f"a[{index(r)}] = x[t]", f"x[t] = a[{index(r)}]", f"a[{index(r)}] += a[{index(r)}]",
                     f"cuda.atomic.add(a, {index(r)}, 1.0)", f"a[t] = a[{index(r)}]"])


def random_kernel(r: random.Random) -> str:
    s, k = r.choice(["1", "2", "cuda.blockDim.x // 2", "n"]), r.choice(["0", "1", "m"])
    lines = [*HEAD, f"    s = {s}", f"    k = {k}", "    j = t"]

    def block(indent: str, depth: int) -> None:
        for _ in range(r.randrange(1, 4)):
            kind = r.randrange(9)
            if kind < 3 or depth == 0:
                lines.append(indent + access(r))
                if r.random() < 0.5:
                    lines.append(indent + "cuda.syncthreads()")
            elif kind < 5:
                lines.append(indent + f"if {condition(r)}:")
                lines.append(indent + "    " + access(r))
                if r.random() < 0.3:
                    lines.append(indent + "    " + r.choice(["cuda.syncthreads()", "j = s", "k = 1"]))
                if r.random() < 0.3:
                    lines.extend([indent + "else:", indent + "    " + access(r)])
            elif kind == 5:
                lines.append(indent + f"for k in range({r.choice(['2', 'n', '1, n', 's'])}):")
                block(indent + "    ", depth - 1)
            elif kind == 6:
                lines.extend([indent + "while s > 0:", indent + "    s //= 2"])
                block(indent + "    ", depth - 1)
            elif kind == 7:
                lines.append(indent + r.choice(["s *= 2", "s = s // 2", "k += 1", "j = t + s", "j = min(t, n)",
                                                "k, s = s, k", "k = 1 - k"]))
            else:
                lines.append(indent + "cuda.syncthreads()")

    block("    ", 2)
    return "\n".join([*lines, "    x[t] = 1.0"]) + "\n"


def test_what_is_proven_is_true():
    r, right, wrong = random.Random(11), 0, 0
    for _ in range(140):
        text = random_kernel(r)
        holds, most, _ = proven(text)
        found = ""
        for threads, m, n in ((4, 1, 3), (3, 0, 4), (2, 2, 2)):
            if threads > most and holds:
                continue
            try:
                found = found or goes_wrong(text, threads, m, n)
            except (OutOfRange, ZeroDivisionError):
                continue
        assert not (holds and found), f"{found}\n{text}"
        right += holds and most >= 4 and "a[" in text
        wrong += bool(found)
    assert right > 25 and wrong > 45, (right, wrong)             # it says yes and no, and both happen


def kernel_of(*statements: str) -> str:
    return "\n".join([*HEAD, *(f"    {line}" for s in statements for line in s.split("\n"))]) + "\n"


SYNC = "cuda.syncthreads()"
RACES = {
    "from the end": ("a[t - 1] = x[t]", "a[t + 8] = x[t]"),
    "iterations apart": ("for k in range(2):\n    a[t + k] = x[t]",),
    "iterations of a loop whose barrier some leave out": (
        "for k in range(2):\n    a[t + k] = x[t]\n    if k == 5:\n        " + SYNC,),
    "round the loop": ("for k in range(3):", f"    x[t] = a[t + 1]\n    {SYNC}\n    a[t] = x[t]"),
    "from before a loop": ("a[t] = x[t]", f"for k in range(n):\n    x[t] = a[t + 1]\n    {SYNC}"),
    "past a loop that may not run": ("a[t] = x[t]", f"for k in range(n):\n    {SYNC}", "x[t] = a[t + 1]"),
    "out of a loop": (f"while n > 0:\n    {SYNC}\n    a[t] = x[t]\n    n -= 1", "x[t] = a[t + 1]"),
    "past a barrier in a branch": ("a[t] = x[t]", f"if n > 2:\n    {SYNC}", "x[t] = a[t + 1]"),
    "out of a branch with a barrier": (f"if n > 2:\n    {SYNC}\n    a[t] = x[t]", "x[t] = a[t + 1]"),
    "an offset changed between": ("s = n", f"while s > 0:\n    if t < s:\n        a[t] += a[t + s]\n    s //= 2\n"
                                  f"    {SYNC}\n    if t == 0:\n        a[0] = a[s]"),
    "an offset of each thread": ("s = t % 2", "a[t + s] = x[t]"),
    "an offset from a branch of each thread": ("s = 0", "if x[t] > 1.0:\n    s = 1", "a[t + s] = x[t]"),
    "an offset of each thread's own loop": ("s = 0", "for k in range(t):\n    s = 1", "a[t + s] = x[t]"),
    "an offset written by others": ("s = 0", f"x[t] = 1.0\n{SYNC}\nif x[0] > 0.5:\n    s = t", "a[s] = x[t]"),
    "halves that overlap": ("s = n // 2", "if t <= s:\n    a[t] += a[t + s]"),
    "strides of another size": (f"for q in range(t, {SIZE}, 3):\n    a[q] = x[t]",),
    "strides of each thread": (f"for q in range(0, {SIZE}, t + 1):\n    a[q] = x[t]",),
    "strides that change": (f"j = t\nwhile j < {SIZE}:\n    a[j] = x[t]\n    if j > m:\n"
                            "        j += cuda.blockDim.x\n    j += 1",),
    "a stride that may be zero": ("a[m * t] = x[t]",),
    "some with an alternative": ("if t < n or m > 0:\n    a[t] = a[t + n]",),
    "where one test does not say": ("if not (t < n and m > 0):\n    a[t + n] = x[t]", "if t < n:\n    x[t] = a[t]"),
    "add and read": ("cuda.atomic.add(a, 0, 1.0)", "x[t] = a[t]"),
    "add and store": ("cuda.atomic.add(a, t, 1.0)", "a[t + 1] = 1.0"),
}


@pytest.mark.parametrize("name", RACES)
def test_what_is_not_proven(name):
    holds, most, code = proven(kernel_of(*RACES[name]))
    assert not holds or most < 4, most                           # with a few threads only it may be right
    assert holds or code == "S2S081"


@pytest.mark.parametrize("statements", [
    ("a[t] = x[t]", SYNC, "x[t] = a[t + 1]"), ("a[2 * t] = x[t]", "a[2 * t + 1] = x[t]"),
    ("s = n", f"while s > 0:\n    {SYNC}\n    if t < s:\n        a[t] += a[t + s]\n    s //= 2"),
    ("for k in range(4):\n    x[t] = a[k]", SYNC, "a[t] = 1.0"),
    ("if t == 0:\n    for k in range(m, n):\n        a[0] += 1.0",),
    ("if n > 2:\n    a[t] = x[t]\nelse:\n    x[t] = a[0]",), ("cuda.atomic.add(a, 0, 1.0)", SYNC, "x[t] = a[0]"),
    (f"for q in range(t, {SIZE}, cuda.blockDim.x):\n    a[q] = x[t]", SYNC, "x[t] = a[t + 1]"),
    (f"j = t\nwhile j < {SIZE}:\n    a[j] = x[t]\n    j += cuda.blockDim.x",),
    ("for q in range(3):\n    a[3 * t + q] = 1.0",),
    ("if t % 4 == 0:\n    a[t] += a[t + 1]",), ("a[3 * t + 2 * (n - n)] = 1.0", "x[t] = a[3 * t + 1]"),
    (f"for k in range(0, n, 2):\n    a[t] = x[t]\n    {SYNC}\n    x[t] = a[k]\n    {SYNC}",),
])
def test_what_is_proven(statements):
    holds, most, _ = proven(kernel_of(*statements))
    assert holds and most == 1024


@pytest.mark.parametrize("statements", [
    ("if t < n:", f"    {SYNC}"), ("for k in range(t):", f"    {SYNC}"),
    ("s = m", "if x[t] > 0.0:\n    s = n", f"if s > 2:\n    {SYNC}"),
    ("x[t] = 1.0", f"if x[0] > 0.5:\n    {SYNC}"), ("k = 0", f"while a[t] > k:\n    k += 1\n    {SYNC}"),
    ("for k in range(n):\n    if x[t] > 1.0:\n        break", f"    {SYNC}"), ("if t >= n:\n    return", SYNC),
    ("s = 0", "for k in range(t):\n    s = k", f"for k in range(s):\n    {SYNC}"),
])
def test_barriers_that_some_threads_may_not_reach(statements):
    assert proven(kernel_of(*statements)) == (False, 0, "S2S083")
