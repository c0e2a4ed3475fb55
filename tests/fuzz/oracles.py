"""What must hold of the derivatives of any program; a program that breaks one of these is a bug.

- the tangent, the gradient and the pullback agree with the complex step on a complex copy of the program;
- the adjoint is the transpose of the tangent, with respect to the result and the final content of every array;
- values are the program's own; gradients leave the arguments alone; a pullback gives the same twice.

Generated source is executed as plain Python, which costs no compilation; ``compiled=True`` goes through the public
interface and numba instead. A refusal (an error of ours) is a fair answer, and counted.
"""
from __future__ import annotations

import ast
import linecache
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, FunctionType

import numba
import numpy as np

from s2sad.errors import S2sadError
from s2sad.frontend.source import UserFunction
from s2sad.numeric import ComplexStepUnavailable
from s2sad.numeric.complex_copy import complex_copy
from tests.fuzz.program import PARAMS, WRT, Program, margin

STEP = 1e-80
TOLERANCE = 1e-9
WILD = 1e6
"""Values and derivatives beyond this are left out: rounding errors are then too large to tell anything."""
SECONDS = 30.0


class Disagreement(AssertionError):
    """A derivative is wrong."""


@dataclass(frozen=True)
class Outcome:
    """``agrees``, ``agrees-near-kink`` (forward and reverse only), ``refused`` or ``wild``; ``code`` of a refusal."""

    kind: str
    code: str = ""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise where the body takes longer; does nothing outside of the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def check(program: Program, *, compiled: bool = False) -> Outcome:
    """Check the derivatives of one program.

    Raises
    ------
    Disagreement
        With the program and what differs; any other failure but a refusal is reported as one, too.
    """
    one = None
    try:
        with time_limit(SECONDS), np.errstate(all="ignore"):
            one = _Check(program)
            return one.run(compiled)
    except S2sadError as e:
        if e.code == "S2S000":
            raise Disagreement(f"internal error: {e}\n\n{program}") from e
        return Outcome("refused", f"{e.code} {e.what}")
    except Disagreement:
        raise
    except Exception as e:
        raise Disagreement(f"{type(e).__name__}: {e}\n\n{program}{one.shown() if one else ''}") from e


def flat(values: object) -> np.ndarray:
    """Floats and arrays, in order, as one vector."""
    parts = values if isinstance(values, tuple) else (values,)
    return np.concatenate([np.asarray(v, float).reshape(-1) for v in parts])


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


class _Check:
    def __init__(self, program: Program) -> None:
        self.program = program
        f = program.function()
        self.value = f(*program.args)
        # One description for all kinds: what they share is then done once.
        self.user = UserFunction.from_callable(f)

    def run(self, compiled: bool) -> Outcome:
        self.gradient = reference(self.program)
        known = [self.value] if self.gradient is None else [self.value, *self.gradient]
        if not (np.abs(known) < WILD).all():
            return Outcome("wild")
        near = margin(self.program) < 1e-12
        if near:
            self.gradient = None
        self.scale = 1.0 + float(np.max(np.abs(known)))
        r = np.random.default_rng(self.program.seed)
        self.direction = tuple(r.standard_normal(np.shape(v))[()] for v in self.program.args[:len(WRT)])
        self.cotangents = tuple(r.standard_normal(np.shape(v)) for v in self.program.args[:3])
        (self.public if compiled else self.executed)()
        return Outcome("agrees-near-kink" if near else "agrees")

    def agree(self, what: str, found: object, expected: object) -> None:
        a, b = flat(found), flat(expected)
        # Written so that a NaN fails.
        if a.shape != b.shape or not (np.abs(a - b) <= TOLERANCE * self.scale).all():
            raise Disagreement(f"{what}:\n  found    {a}\n  expected {b}\n\n{self.program}{self.shown()}")

    def shown(self) -> str:
        return ""

    def along(self, gradient: np.ndarray) -> float:
        return float(gradient @ flat(self.direction))

    # ------------------------------------------------------------------ generated source, executed as plain Python

    def executed(self) -> None:
        d_value = self.tangent()
        gradient = self.value_and_grad()
        if self.gradient is None:
            self.agree("gradient along the direction of the tangent", self.along(gradient), d_value)
        else:
            self.agree("tangent", d_value, self.along(self.gradient))
            self.agree("gradient", gradient, self.gradient)
        self.transposed()
        if self.program.seed % 3 == 0:
            self.pullback(gradient)

    def generated(self, kind: str):
        from s2sad.driver import generate

        types = tuple(numba.typeof(v) for v in self.program.args)
        made = generate(self.user, kind, types, WRT, jit=False)
        self.shown = lambda: f"\n{made.source}"  # type: ignore[method-assign]
        return made, execute(made.source)

    def tangent(self) -> float:
        made, namespace = self.generated("tangent")
        args: list = []
        self.finals: list[np.ndarray] = []
        for name, v in zip(PARAMS, self.program.args, strict=True):
            args.append(v)
            if name in made.interface.active:
                t = self.direction[PARAMS.index(name)]
                args.append(t.copy() if isinstance(v, np.ndarray) else float(t))
                if isinstance(v, np.ndarray):
                    self.finals.append(args[-1])
        value, d_value = namespace[made.name](*args)
        self.agree("value of the tangent", value, self.value)
        self.d_value = float(d_value)
        return self.d_value

    def value_and_grad(self) -> np.ndarray:
        made, namespace = self.generated("value_and_grad")
        args = self.program.args
        value, gradient = namespace[made.name](*args)
        self.agree("value beside the gradient", value, self.value)
        self.agree("arguments after the gradient", args, self.program.args)
        for w, g, v in zip(WRT, gradient, args, strict=False):
            if np.shape(g) != np.shape(v):
                raise Disagreement(f"the gradient by {w} is of shape {np.shape(g)}\n\n{self.program}{self.shown()}")
        return flat(gradient)

    def transposed(self) -> None:
        """The adjoint applied to cotangents of the result and of all arrays, against the tangent."""
        made, namespace = self.generated("adjoint")
        args: list = []
        shadows: list[np.ndarray] = []
        for name, v in zip(PARAMS, self.program.args, strict=True):
            args.append(v)
            if name in made.interface.active and isinstance(v, np.ndarray):
                shadows.append(self.cotangents[len(shadows)].copy())
                args.append(shadows[-1])
        seed = 0.75
        scalars = namespace[made.name](*args, seed)
        forward = seed * self.d_value + sum(np.sum(c * d) for c, d in zip(self.cotangents, self.finals, strict=True))
        if not np.isfinite(forward):
            return              # an argument that the result does not depend on has overflowed
        self.agree("adjoint against tangent", self.along(flat((*shadows, *scalars))), forward)

    def pullback(self, gradient: np.ndarray) -> None:
        made, namespace = self.generated("vjp")
        forward, reverse = (namespace[name] for name in made.entries)
        value, saved = forward(*self.program.args)
        self.agree("value of the forward sweep", value, self.value)
        for which in ("first", "second"):
            self.agree(f"{which} pullback", tuple(reverse(saved, (1.0,))), gradient)

    # ------------------------------------------------------------------ public interface, compiled

    def public(self) -> None:
        import s2sad

        self.shown = lambda: ""  # type: ignore[method-assign]
        f: FunctionType = self.program.function()
        args = self.program.args
        value, gradient = s2sad.value_and_grad(f, wrt=WRT)(*args)
        self.agree("value beside the gradient", value, self.value)
        tangents = tuple(t if np.ndim(t) else float(t) for t in self.direction)
        primal, d_value = s2sad.jvp(f, args, (*tangents, None, None))
        self.agree("value of jvp", primal, self.value)
        again, pull = s2sad.vjp(f, *args, wrt=WRT)
        self.agree("value of vjp", again, self.value)
        for which in ("first", "second"):
            self.agree(f"{which} pullback", pull(1.0), gradient)
        self.agree("arguments afterwards", args, self.program.args)
        if self.gradient is None:
            self.agree("gradient along the direction of the tangent", self.along(flat(gradient)), d_value)
        else:
            self.agree("jvp", d_value, self.along(self.gradient))
            self.agree("gradient", gradient, self.gradient)


def execute(source: str) -> dict[str, Callable]:
    """The functions of a generated module, as plain Python with the arithmetic of compiled code."""
    from s2sad.runtime import ieee

    file = "<generated by s2sad>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace: dict = {}
    exec(compile(ast.parse(source), file, "exec"), namespace)
    namespace["math"] = ieee
    return namespace
