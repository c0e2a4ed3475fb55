"""What must hold of the derivatives of any program; a program that breaks one of these is a bug.

- the tangent and the adjoint agree with dual numbers, which agree with the complex step, both of the program's own
  source, along a direction and for what arrays end as, too; where there is no complex copy, with differences at 50
  digits;
- the adjoint is the transpose of the tangent, linear, and the same twice, with respect to the result and the final
  content of every array;
- values and what arguments end as are the program's own;
- on a sample of programs, what :mod:`tests.fuzz.sampled` checks.

Generated source is executed as plain Python, which costs no compilation; ``compiled=True`` goes through the public
interface and numba instead (:mod:`tests.fuzz.compiled`). A refusal (an error of ours) is a fair answer, and counted.
"""
from __future__ import annotations

import ast
import contextlib
import re
from functools import cached_property

import numba
import numpy as np

from s2sad.errors import S2sadError
from s2sad.frontend.source import UserFunction
from s2sad.numeric import ComplexStepUnavailable
from s2sad.numeric.complex_copy import complex_copy
from tests.fuzz import precise
from tests.fuzz.known import PYTHON_RAISES, Known, known
from tests.fuzz.program import PARAMS, WRT, Program
from tests.fuzz.readable import read_too_soon
from tests.fuzz.report import Disagreement, Outcome, differ, execute, flat, time_limit

STEP = 1e-80
SECONDS = 30.0
INEXACT = re.compile(r"np\.(?!zeros|ones|empty|full)|\bsum\(|\.mean\(|@|\dj\b")
"""Reductions add in another order, NumPy's functions of whole arrays may round otherwise than those of numbers, and its
products of complex arrays round once where two products are added."""


def check(program: Program, *, compiled: bool = False, thorough: bool = False) -> Outcome:
    """Check the derivatives of one program; thoroughly, by all that is otherwise done on a sample only.

    Raises
    ------
    Disagreement
        With the program and what differs; any other failure but a refusal is reported as one, too.
    """
    one = None
    try:
        with time_limit(4.0 * SECONDS if compiled or thorough else SECONDS), np.errstate(all="ignore"):
            one = Check.of(program)
            if one is None:
                return Outcome("wild")
            try:
                return one.run(compiled, thorough)
            except (OverflowError, ZeroDivisionError):
                # Python raises where compiled code goes on with infinities: only that can tell.
                return one.run(True, False)
    except S2sadError as e:
        if e.code == "S2S000":
            raise Disagreement(f"internal error: {e}\n\n{program}") from e
        return Outcome("refused", f"{e.code} {e.what}")
    except Disagreement:
        raise
    except Exception as e:
        raise Disagreement(f"{type(e).__name__}: {e}\n\n{program}{one.shown if one else ''}") from e


def stepped(program: Program, direction: tuple) -> np.ndarray | None:
    """The derivative along a direction by the complex step, then those of what arrays end as, if there is a copy."""
    try:
        copy = complex_copy(program.function())
        args = [v + 1j * STEP * np.asarray(t) if isinstance(v, np.ndarray) else complex(v, STEP * float(t))
                for v, t in zip(program.args, direction, strict=False)]
        value = copy(*args, *program.args[len(WRT):])
    except ComplexStepUnavailable:
        return None
    return np.imag(flat([value, args[:3]], complex)) / STEP


class Check:
    """One program, what is known about it independently of the compiler, and the comparisons."""

    def __init__(self, program: Program, facts: Known) -> None:
        self.program, self.facts = program, facts
        self.shown, self.without = "", ""
        self.after = program.args
        self.value = program.function()(*self.after)
        self.exact = not INEXACT.search(program.source)
        self.gradient, self.jacobians, self.near = facts.gradient, facts.jacobians, facts.near
        self.scale, self.tolerance = facts.scale, facts.tolerance
        r = np.random.default_rng(program.seed)
        self.direction = tuple(r.standard_normal(np.shape(v))[()] for v in program.args[:len(WRT)])
        self.cotangents = tuple(r.standard_normal(np.shape(v)) for v in program.args[:3])

    @classmethod
    def of(cls, program: Program) -> Check | None:
        """None where rounding errors or overflow leave nothing to compare with."""
        facts = known(program)
        if facts is None:
            return None
        try:
            return cls(program, facts)
        except PYTHON_RAISES:
            return None

    @cached_property
    def user(self) -> UserFunction:
        """One description for all kinds: what they share is then done once."""
        return UserFunction.from_callable(self.program.function())

    def run(self, compiled: bool, thorough: bool) -> Outcome:
        self.independently()
        if compiled:
            from tests.fuzz.compiled import public
            public(self)
        else:
            from tests.fuzz import sampled
            with sampled.types_found_once():
                self.tangent()
                self.adjoint()
                sampled.check(self, thorough)
        return Outcome("agrees-near-kink" if self.near else "agrees", self.without)

    def independently(self) -> None:
        """The oracles agree among themselves."""
        if self.near or not self.facts.finite:
            return          # infinities times complex numbers are no numbers, and take other branches
        with_step = stepped(self.program, self.direction)
        if with_step is None:
            # Not every program has a complex copy: the duals are compared with differences at 50 digits instead.
            self.without = "without complex step"
            with contextlib.suppress(*PYTHON_RAISES):
                along = precise.along(self.program, self.direction)
                self.agree("dual numbers and 50 digits", self.along(self.gradient), along)
        elif np.isfinite(with_step).all():
            along = [self.along(self.gradient), [j @ flat(self.direction) for j in self.jacobians]]
            self.agree("dual numbers and complex step", along, with_step)

    def agree(self, what: str, found: object, expected: object, tolerance: float | None = None) -> None:
        text = differ(found, expected, self.tolerance if tolerance is None else tolerance)
        if text:
            self.fail(f"{what}:{text}")

    def same(self, what: str, found: object, expected: object) -> None:
        """Equal, bit for bit where no order of operations is left open."""
        self.agree(what, found, expected, 0.0 if self.exact else None)

    def fail(self, what: str) -> None:
        raise Disagreement(f"{what}\n\n{self.program}\n{self.shown}")

    def along(self, gradient: object) -> float:
        return float(flat(gradient) @ flat(self.direction))

    # ------------------------------------------------------------------ generated source, executed as plain Python

    def generated(self, kind: str, user: UserFunction | None = None, wrt: tuple[str, ...] = WRT, **options: bool):
        from s2sad.driver import generate

        types = tuple(numba.typeof(v) for v in self.program.args)
        made = generate(user or self.user, kind, types, wrt, jit=False, **options)
        self.shown = made.source
        too_soon = read_too_soon(ast.parse(made.source))
        if too_soon:
            self.fail(f"numba refuses the {kind}, which reads {too_soon[0]} above its assignments")
        return made, execute(made.source)

    def tangent(self) -> None:
        made, namespace = self.generated("tangent")
        args: list = []
        moved: dict[str, np.ndarray] = {}
        for name, v in zip(PARAMS, self.program.args, strict=True):
            args.append(v)
            if name in made.interface.active:
                t = self.direction[PARAMS.index(name)]
                args.append(t.copy() if isinstance(v, np.ndarray) else float(t))
                if isinstance(v, np.ndarray):
                    moved[name] = args[-1]
        value, d_value = namespace[made.name](*args)
        self.same("value of the tangent", value, self.value)
        primal = [a for a in args if not any(a is d for d in moved.values())]
        self.same("arguments after the tangent", [a for a in primal if isinstance(a, np.ndarray)], list(self.after[:3]))
        self.d_value = float(d_value)
        self.finals = [moved.get(p, np.asarray(t)) for p, t in zip(PARAMS[:3], self.direction, strict=False)]
        if not self.near:
            self.agree("tangent", self.d_value, self.along(self.gradient))
            self.agree("tangent of mutated arguments", self.finals, [j @ flat(self.direction) for j in self.jacobians])

    def adjoint(self, how: str = "") -> None:
        """The adjoint of cotangents of the result and of all arrays: against the dual numbers and the tangent."""
        made, namespace = self.generated("adjoint")

        def pulled(seed: float, cotangents: tuple[np.ndarray, ...]) -> np.ndarray:
            args: list = []
            shadows: dict[str, np.ndarray] = {}
            for k, (name, v) in enumerate(zip(PARAMS, self.program.args, strict=True)):
                args.append(v)
                if name in made.interface.active and isinstance(v, np.ndarray):
                    shadows[name] = cotangents[k].copy()
                    args.append(shadows[name])
            scalars = namespace[made.name](*args, seed)
            return flat([*(shadows.get(p, c) for p, c in zip(PARAMS[:3], cotangents, strict=False)), scalars])

        seed, w = 0.75, self.cotangents
        first = pulled(seed, w)
        forward = seed * self.d_value + sum(float(np.sum(c * d)) for c, d in zip(w, self.finals, strict=True))
        self.agree(f"adjoint against tangent{how}", self.along(first), forward)
        if not self.near:
            exact = seed * self.gradient + sum(flat(c) @ j for c, j in zip(w, self.jacobians, strict=True))
            self.agree(f"adjoint{how}", first, exact)
        self.agree(f"the same adjoint twice{how}", pulled(seed, w), first, 0.0)
        other = tuple(c[::-1] for c in w)
        both = pulled(seed - 0.3, tuple(c + d for c, d in zip(w, other, strict=True)))
        self.agree(f"adjoint of a sum of cotangents{how}", both, first + pulled(-0.3, other))

    def is_gradient(self, what: str, found: object) -> None:
        if self.near:
            self.agree(f"{what} along the direction of the tangent", self.along(found), self.d_value)
        else:
            self.agree(what, found, self.gradient)

    def unchanged(self, args: tuple) -> None:
        self.agree("the caller's arguments", args, self.program.args, 0.0)
