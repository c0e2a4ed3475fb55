"""Checks that cost another run of the compiler, each on a part of the programs: which ones, the program's seed says.

Of 16 programs, three each are checked with the two sweeps of ``vjp`` and without optimising, two each rewritten and
with snapshots, one each with ``value_and_grad``, with results beside the value, within a budget of memory, at second
order, at overlapping arguments and with an unsupported construct. One in eight is compared with differences at 50
digits as well.
"""
from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numba
import numpy as np

from s2sad import driver
from s2sad.api.memory import refuse_overlap
from s2sad.errors import BadCall, S2sadError
from s2sad.frontend.source import UserFunction
from tests.fuzz import metamorphic, negative, precise
from tests.fuzz.choices import Choices
from tests.fuzz.dual import derivatives
from tests.fuzz.known import PYTHON_RAISES, known
from tests.fuzz.program import LENGTH, PARAMS, WRT, Program, define
from tests.fuzz.report import execute, flat

if TYPE_CHECKING:
    from tests.fuzz.oracles import Check


def check(one: Check, thorough: bool) -> None:
    """One of the checks below, or none; all of them where asked to be thorough."""
    kind = one.program.seed % 16
    if kind % 8 == 1 or thorough:
        at_50_digits(one)
    for checks in dict.fromkeys(CHECKS.values()) if thorough else (CHECKS[kind],) if kind in CHECKS else ():
        checks(one)


def at_50_digits(one: Check) -> None:
    if not one.near:
        with contextlib.suppress(*PYTHON_RAISES):
            one.agree("tangent at 50 digits", one.d_value, precise.along(one.program, one.direction))


def value_and_grad(one: Check) -> None:
    made, namespace = one.generated("value_and_grad")
    args = one.program.args
    value, gradient = namespace[made.name](*args)
    one.same("value beside the gradient", value, one.value)
    one.unchanged(args)
    for w, g, v in zip(WRT, gradient, args, strict=False):
        if np.shape(g) != np.shape(v):
            one.fail(f"the gradient by {w} is of shape {np.shape(g)}")
    one.is_gradient("gradient", gradient)


def with_aux(one: Check) -> None:
    """What a program returns beside its value is what it ends with, not what the reverse sweep has put back."""
    names = metamorphic.read_at_the_end(one.program.source)
    if not names:
        return value_and_grad(one)

    def changed() -> Program:
        return replace(one.program, source=metamorphic.with_aux(one.program.source, names))

    args = one.program.args
    _, ends = changed().function()(*args)
    names = [n for n, v in zip(names, ends, strict=True)
             if isinstance(v, float | np.ndarray) and np.asarray(v).dtype.kind in "fi" and np.isfinite(v).all()]
    if not names:
        return value_and_grad(one)
    args = one.program.args
    _, ends = changed().function()(*args)
    made, namespace = one.generated("value_and_grad", UserFunction.from_callable(changed().function()), has_aux=True)
    args = one.program.args
    (value, aux), gradient = namespace[made.name](*args)
    one.same("value beside what else is returned", value, one.value)
    one.unchanged(args)
    for n, found, end in zip(names, aux, ends, strict=True):
        one.same(f"{n} beside the value", found, end)
    one.is_gradient("gradient beside what else is returned", gradient)


def pullback(one: Check) -> None:
    made, namespace = one.generated("vjp")
    forward, reverse = (namespace[name] for name in made.entries)
    args = one.program.args
    value, saved = forward(*args)
    one.same("value of the forward sweep", value, one.value)
    one.unchanged(args)
    for a in args:
        if isinstance(a, np.ndarray):
            a[...] = np.nan                     # the pullback does not see the caller's arrays
    first = tuple(reverse(saved, (1.0,)))
    one.is_gradient("pullback", first)
    one.agree("second pullback", tuple(reverse(saved, (1.0,))), first, 0.0)


def choices(one: Check) -> Choices:
    """The same ones where the program is made smaller."""
    return Choices(random.Random(one.program.seed).randbytes(60))


def unsupported(one: Check) -> None:
    """With a construct that may not be supported: right, or a located error."""
    program, construct = negative.inject(one.program, choices(one))
    negative.check(one, program, construct)


@contextlib.contextmanager
def types_found_once() -> Iterator[None]:
    """What does not depend on optimising is done once for both."""
    original = driver.normal_form
    known: dict[tuple, tuple[UserFunction, tuple]] = {}

    def remembered(user: UserFunction, argtypes: tuple) -> tuple:
        key = id(user), argtypes
        if key not in known:
            known[key] = user, original(user, argtypes)
        return known[key][1]

    driver.normal_form = remembered
    try:
        yield
    finally:
        driver.normal_form = original


@contextlib.contextmanager
def without_optimising() -> Iterator[None]:
    driver.optimised = False
    try:
        yield
    finally:
        driver.optimised = True


def unoptimised(one: Check) -> None:
    """Without the passes that only make code better, which may hide mistakes of others."""
    with without_optimising():
        try:
            one.adjoint(" without optimising")
        except S2sadError as e:
            if e.code == "S2S000":
                raise
            # The other passes may make a program one that is supported.


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
    try:
        behind, ahead, further = (derivatives(one.program, shift=tuple(k * step * np.asarray(t) for t in first))[1]
                                  for k in (-1, 1, 2))
    except PYTHON_RAISES:
        return
    difference = (ahead - behind) / (2 * step)
    # Where the gradient jumps or bends between the points, differences say nothing.
    bend = np.max(np.abs((further - ahead) / step - difference))
    if bend < 1e-2 * (1.0 + np.max(np.abs(difference))):
        one.agree("second derivative and difference of gradients", hu, difference, 1e-5 * one.scale + bend * 0.1
                  + 1e-6 * np.max(np.abs(hu)))


def of_separate(one: Check, args: tuple, gradient: object) -> None:
    """Arguments that share memory are independent values that happen to be equal."""
    p = one.program
    copies = tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)
    facts = known(Overlapping(p.source, p.features, p.seed, p.n, p.m, copies))
    if facts is not None and not facts.near:
        one.agree("gradient at overlapping arguments", gradient, facts.gradient, facts.tolerance)


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
    match one.program.seed // 16 % 5:
        case 0 | 1:
            args[1] = args[0]
        case 2:
            args[:2] = base[:LENGTH], base[2:2 + LENGTH]
        case 3:
            args[0] = args[2][1]
        case 4:
            args[:2] = base[0::2], base[1::2]           # interleaved: nothing is shared
    mutated = [PARAMS.index(p) for p in made.interface.mutated]
    try:
        refuse_overlap("f", PARAMS, args, mutated)
    except BadCall:
        if not mutated or not shared(args):
            one.fail("arguments that may overlap were refused for overlapping")
        return
    before = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    _, gradient = namespace[made.name](*args)
    one.agree("the overlapping arguments", list(args), before, 0.0)
    of_separate(one, tuple(args), gradient)


def shared(args: list) -> bool:
    arrays = [a for a in args if isinstance(a, np.ndarray)]
    return any(np.shares_memory(u, v) for k, u in enumerate(arrays) for v in arrays[:k])


def rewritten(one: Check) -> None:
    """A program that means the same has the same value and gradient."""
    name, source, wrt = metamorphic.rewrite(one.program.source, choices(one))
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


def checkpointed(one: Check) -> None:
    """Loops that keep snapshots have the same value and gradient, or are refused."""
    source = metamorphic.checkpointed(one.program.source, choices(one))
    if source is not None:
        program = replace(one.program, source=source)
        from_elsewhere(one, UserFunction.from_callable(program.function()), " with snapshots", source)


def within_memory(one: Check) -> None:
    """A budget of memory, which some loops pass and others do not, leaves the value and gradient as they are."""
    budget = choices(one).pick([0, 60, 200, 1000])
    with contextlib.suppress(MemoryError):
        from_elsewhere(one, replace(one.user, memory=budget), f" within {budget} bytes")


def from_elsewhere(one: Check, user: UserFunction, how: str, source: str = "") -> None:
    """The value and gradient by another way, if it is not refused."""
    try:
        made, namespace = one.generated("value_and_grad", user)
    except S2sadError as e:
        if e.code == "S2S000":
            raise
        return
    one.shown = f"{source}\n\n{one.shown}"
    args = one.program.args
    value, gradient = namespace[made.name](*args)
    one.same(f"value{how}", value, one.value)
    one.unchanged(args)
    one.is_gradient(f"gradient{how}", gradient)


CHECKS = dict(enumerate([
    value_and_grad, pullback, rewritten, overlapping, with_aux, pullback, second_order, rewritten,
    within_memory, pullback, unoptimised, unsupported, unoptimised, unoptimised, checkpointed, checkpointed]))
