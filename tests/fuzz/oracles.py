"""What must hold of the derivatives of any program; a program that breaks one of these is a bug.

- the tangent, the gradient and the pullback agree with dual numbers and with the complex step, both of the program's
  own source, and with differences at 50 digits;
- the adjoint is the transpose of the tangent and linear, with respect to the result and the final content of every
  array;
- values and what arguments end as are the program's own; gradients leave the arguments alone; a pullback gives the same
  twice;
- on a sample of programs, what :mod:`tests.fuzz.sampled` checks.

Generated source is executed as plain Python, which costs no compilation; ``compiled=True`` goes through the public
interface and numba instead (:mod:`tests.fuzz.compiled`). A refusal (an error of ours) is a fair answer, and counted.
"""
from __future__ import annotations

import re

import numba
import numpy as np

from s2sad.errors import S2sadError
from s2sad.frontend.source import UserFunction
from s2sad.numeric import ComplexStepUnavailable
from s2sad.numeric.complex_copy import complex_copy
from tests.fuzz import precise
from tests.fuzz.dual import NOISE, Noisy, derivatives
from tests.fuzz.program import PARAMS, WRT, Program, margin
from tests.fuzz.report import Disagreement, Outcome, differ, execute, flat, time_limit

STEP = 1e-80
TOLERANCE = 1e-12
SINGLE = 2e-5
"""The same where single precision takes part: some hundred of its roundings."""
WILD = 1e6
"""Values and derivatives beyond this are left out: rounding errors are then too large to tell anything."""
KINK = 1e-7
"""Nearer to a kink than this, the disturbed evaluation below may take another branch."""
SECONDS = 30.0
INEXACT = re.compile(r"np\.(?!zeros|ones|empty|full)|\.sum\(|\.mean\(|@")
"""Reductions add in another order, and NumPy's functions of whole arrays may round otherwise than those of numbers."""


def check(program: Program, *, compiled: bool = False) -> Outcome:
    """Check the derivatives of one program.

    Raises
    ------
    Disagreement
        With the program and what differs; any other failure but a refusal is reported as one, too.
    """
    one = None
    try:
        with time_limit(4.0 * SECONDS if compiled else SECONDS), np.errstate(all="ignore"):
            try:
                program.function()(*program.args)
            except (OverflowError, ValueError):
                return Outcome("wild")          # Python raises where compiled code goes on with infinities
            one = Check(program)
            return one.run(compiled)
    except S2sadError as e:
        if e.code == "S2S000":
            raise Disagreement(f"internal error: {e}\n\n{program}") from e
        return Outcome("refused", f"{e.code} {e.what}")
    except Disagreement:
        raise
    except Exception as e:
        raise Disagreement(f"{type(e).__name__}: {e}\n\n{program}{one.shown if one else ''}") from e


def reference(program: Program) -> np.ndarray | None:
    """The gradient by the complex step, or none where there is no complex copy."""
    try:
        copy = complex_copy(program.function())
        found = []
        for k in range(len(WRT)):
            for where in np.ndindex(np.shape(program.args[k])):
                args = [v.astype(complex) if isinstance(v, np.ndarray) else v for v in program.args]
                if isinstance(args[k], np.ndarray):
                    args[k][where] += 1j * STEP
                else:
                    args[k] = complex(args[k], STEP)
                found.append(np.imag(copy(*args)) / STEP)
    except ComplexStepUnavailable:
        return None
    return np.array(found)


class Check:
    """One program, what is known about it independently of the compiler, and the comparisons."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.shown = ""
        f = program.function()
        self.after = program.args
        self.value = f(*self.after)
        self.exact = not INEXACT.search(program.source)
        # One description for all kinds: what they share is then done once.
        self.user = UserFunction.from_callable(f)

    def run(self, compiled: bool) -> Outcome:
        if not self.known():
            return Outcome("wild")
        self.independently()
        r = np.random.default_rng(self.program.seed)
        self.direction = tuple(r.standard_normal(np.shape(v))[()] for v in self.program.args[:len(WRT)])
        self.cotangents = tuple(r.standard_normal(np.shape(v)) for v in self.program.args[:3])
        self.near = margin(self.program) < KINK
        if compiled:
            from tests.fuzz.compiled import public
            public(self)
        else:
            self.executed()
            from tests.fuzz import sampled
            sampled.check(self)
        return Outcome("agrees-near-kink" if self.near else "agrees")

    def known(self) -> bool:
        """Find the derivatives by dual numbers, and how well rounding errors let them be known.

        A backward stable computation is as wrong as one in which every operation has an error of a few units of 1e-16.
        Disturbing each operation by 1e-10 instead moves the results about a million times as far, by the same paths.
        The tolerance allows a hundredth of that movement: what ten thousand roundings would do, and still far less
        than a forgotten or repeated contribution, which is of the size of the derivatives themselves.
        """
        value, self.gradient, self.jacobians = derivatives(self.program)
        moved = derivatives(self.program, Noisy)
        known = flat([self.value, self.gradient, self.jacobians])
        if not (np.abs(known) < WILD).all():
            return False
        self.scale = 1.0 + float(np.max(np.abs(known)))
        condition = float(np.max(np.abs(flat([value, self.gradient, self.jacobians]) - flat(list(moved))))) / NOISE
        single = "float32" in self.program.source
        self.tolerance = (SINGLE if single else TOLERANCE) * (self.scale + condition)
        return self.tolerance < (1e-2 if single else 1e-6) * self.scale

    def independently(self) -> None:
        """The oracles agree among themselves."""
        with_step = reference(self.program)
        if with_step is not None and np.isfinite(with_step).all() and margin(self.program) >= KINK:
            self.agree("dual numbers and complex step", self.gradient, with_step)

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

    def generated(self, kind: str, user: UserFunction | None = None, wrt: tuple[str, ...] = WRT):
        from s2sad.driver import generate

        types = tuple(numba.typeof(v) for v in self.program.args)
        made = generate(user or self.user, kind, types, wrt, jit=False)
        self.shown = made.source
        return made, execute(made.source)

    def executed(self) -> None:
        self.tangent()
        if not self.near:
            self.agree("tangent", self.d_value, self.along(self.gradient))
            self.agree("tangent of mutated arguments", self.finals, [j @ flat(self.direction) for j in self.jacobians])
            if self.program.seed % 4 == 1:
                self.agree("tangent at 50 digits", self.d_value, precise.along(self.program, self.direction))
        self.adjoint()
        if self.program.seed % 2:
            self.value_and_grad()
        else:
            self.pullback()

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

    def adjoint(self) -> None:
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
        self.agree("adjoint against tangent", self.along(first), forward)
        if not self.near:
            exact = seed * self.gradient + sum(flat(c) @ j for c, j in zip(w, self.jacobians, strict=True))
            self.agree("adjoint", first, exact)
        self.agree("the same adjoint twice", pulled(seed, w), first, 0.0)
        other = tuple(c[::-1] for c in w)
        both = pulled(seed - 0.3, tuple(c + d for c, d in zip(w, other, strict=True)))
        self.agree("adjoint of a sum of cotangents", both, first + pulled(-0.3, other))

    def value_and_grad(self) -> None:
        made, namespace = self.generated("value_and_grad")
        args = self.program.args
        value, gradient = namespace[made.name](*args)
        self.same("value beside the gradient", value, self.value)
        self.unchanged(args)
        for w, g, v in zip(WRT, gradient, args, strict=False):
            if np.shape(g) != np.shape(v):
                self.fail(f"the gradient by {w} is of shape {np.shape(g)}")
        self.is_gradient("gradient", gradient)

    def pullback(self) -> None:
        made, namespace = self.generated("vjp")
        forward, reverse = (namespace[name] for name in made.entries)
        args = self.program.args
        value, saved = forward(*args)
        self.same("value of the forward sweep", value, self.value)
        self.unchanged(args)
        for a in args:
            if isinstance(a, np.ndarray):
                a[...] = np.nan                     # the pullback does not see the caller's arrays
        first = tuple(reverse(saved, (1.0,)))
        self.is_gradient("pullback", first)
        self.agree("second pullback", tuple(reverse(saved, (1.0,))), first, 0.0)

    def is_gradient(self, what: str, found: object) -> None:
        if self.near:
            self.agree(f"{what} along the direction of the tangent", self.along(found), self.d_value)
        else:
            self.agree(what, found, self.gradient)

    def unchanged(self, args: tuple) -> None:
        self.agree("the caller's arguments", args, self.program.args, 0.0)
