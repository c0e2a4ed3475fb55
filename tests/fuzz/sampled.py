"""Checks that cost another run of the compiler, each on a part of the programs: which ones, the program's seed says."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numba
import numpy as np

from s2sad import driver
from s2sad.api.memory import refuse_overlap
from s2sad.errors import BadCall, S2sadError
from s2sad.frontend.source import UserFunction
from tests.fuzz import metamorphic, negative
from tests.fuzz.choices import Choices
from tests.fuzz.dual import derivatives
from tests.fuzz.program import LENGTH, PARAMS, WRT, Program, define
from tests.fuzz.report import execute, flat

if TYPE_CHECKING:
    from tests.fuzz.oracles import Check


def check(one: Check) -> None:
    """One of the checks below, or none."""
    match one.program.seed % 8:
        case 0 | 3:
            unoptimised(one)
        case 1:
            second_order(one)
        case 2:
            overlapping(one)
        case 6:
            unsupported(one)
        case 5 | 7:
            rewritten(one)


def unsupported(one: Check) -> None:
    """With a construct that may not be supported: right, or a located error."""
    program, construct = negative.inject(one.program, Choices(bytes([one.program.seed, len(one.program.source) % 256])))
    negative.check(one, program, construct)


@contextlib.contextmanager
def without_optimising() -> Iterator[None]:
    driver.optimised = False
    try:
        yield
    finally:
        driver.optimised = True


def unoptimised(one: Check) -> None:
    """Without the passes that only make code better: the same gradient."""
    with without_optimising():
        try:
            made, namespace = one.generated("value_and_grad")
        except S2sadError as e:
            if e.code == "S2S000":
                raise
            return          # the other passes may make a program one that is supported
        value, gradient = namespace[made.name](*one.program.args)
        one.same("value without optimising", value, one.value)
        one.is_gradient("gradient without optimising", gradient)


def second_order(one: Check) -> None:
    """Forward over reverse: symmetric, and the difference of gradients."""
    if one.near:
        return
    made, _ = one.generated("grad")
    types = tuple(numba.typeof(v) for v in one.program.args)
    user = UserFunction.from_callable(define(made.source, made.name))
    twice = driver.generate(user, "tangent", types, WRT, jit=False)
    one.shown = f"{made.source}\n\n{twice.source}"
    run = execute(twice.source)[twice.name]
    r = np.random.default_rng(one.program.seed + 1000)
    first = tuple(one.direction)
    second = tuple(r.standard_normal(np.shape(v))[()] for v in first)

    def product(direction: tuple) -> np.ndarray:
        args: list = []
        for name, v in zip(PARAMS, one.program.args, strict=True):
            args.append(v)
            if name in twice.interface.active:
                t = direction[PARAMS.index(name)]
                args.append(t.copy() if isinstance(v, np.ndarray) else float(t))
        gradient, moved = run(*args)
        one.agree("gradient in forward over reverse", gradient, one.gradient)
        return flat(moved)

    try:
        hu, hv = product(first), product(second)
    except ValueError as e:
        if "which its derivative does not support" in str(e):
            return              # said when it runs: a shape that changes
        raise
    scale = one.tolerance * (1.0 + max(np.max(np.abs(hu)), np.max(np.abs(hv)))) * 100.0
    one.agree("symmetry of the second derivative", flat(first) @ hv, flat(second) @ hu, scale)
    step = 1e-5
    ahead, behind = (derivatives(one.program, shift=tuple(s * step * np.asarray(t) for t in first))[1]
                     for s in (1.0, -1.0))
    further = derivatives(one.program, shift=tuple(2 * step * np.asarray(t) for t in first))[1]
    difference = (ahead - behind) / (2 * step)
    # Where the gradient jumps or bends between the points, differences say nothing.
    bend = np.max(np.abs((further - ahead) / step - difference))
    if bend < 1e-2 * (1.0 + np.max(np.abs(difference))):
        one.agree("second derivative and difference of gradients", hu, difference, 1e-5 * one.scale + bend * 0.1
                  + 1e-6 * np.max(np.abs(hu)))


def of_separate(one: Check, args: tuple, gradient: object) -> None:
    """Arguments that share memory are independent values that happen to be equal."""
    f = one.program.function()
    copies = tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)
    shared = Overlapping(one.program.source, one.program.features, one.program.seed, one.program.n, one.program.m,
                         copies)
    f(*shared.args)
    if not one.near:
        one.agree("gradient at overlapping arguments", gradient, derivatives(shared)[1], 1e4 * one.tolerance)


class Overlapping(Program):
    """The program at other arguments."""

    def __init__(self, source, features, seed, n, m, given):
        super().__init__(source, features, seed, n, m)
        object.__setattr__(self, "given", given)

    @property
    def args(self) -> tuple:
        return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in self.given)  # type: ignore[attr-defined]


def overlapping(one: Check) -> None:
    """The same array twice, or two views of one: right, or refused where one of them is written to."""
    made, namespace = one.generated("value_and_grad")
    base = np.concatenate([v.reshape(-1) for v in one.program.args[:2]])
    args = list(one.program.args)
    match one.program.seed % 5:
        case 0 | 1:
            args[1] = args[0]
        case 2:
            args[:2] = base[:LENGTH], base[2:2 + LENGTH]
        case 3:
            args[0] = args[2][1]
        case 4:
            args[:2] = base[0::2], base[1::2]           # interleaved: nothing is shared
            if any(p in made.interface.mutated for p in "xy"):
                refuse_overlap("f", PARAMS, args, [PARAMS.index(p) for p in made.interface.mutated])
    mutated = [PARAMS.index(p) for p in made.interface.mutated]
    try:
        refuse_overlap("f", PARAMS, args, mutated)
    except BadCall:
        if not mutated:
            one.fail("arguments that are only read were refused for overlapping")
        return
    before = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    _, gradient = namespace[made.name](*args)
    one.agree("the overlapping arguments", list(args), before, 0.0)
    if not one.near:
        of_separate(one, tuple(args), gradient)


def rewritten(one: Check) -> None:
    """A program that means the same has the same value and gradient."""
    choices = Choices(bytes([one.program.seed * k % 251 for k in range(1, 60)]))
    name, source, wrt = metamorphic.rewrite(one.program.source, choices)
    program = replace(one.program, source=source)
    user = UserFunction.from_callable(program.function())
    try:
        made, namespace = one.generated("value_and_grad", user, wrt)
    except S2sadError as e:
        if e.code == "S2S000":
            raise
        one.fail(f"after {name} the program is refused: {e}\n{source}")
    one.shown = f"{source}\n\n{one.shown}"
    value, gradient = namespace[made.name](*program.args)
    one.agree(f"value after {name}", value, one.value)
    one.is_gradient(f"gradient after {name}", gradient)
