"""From a function and the types of its arguments to the plan of its gradient."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from numba import types as nbt

from s2sad import driver
from s2sad.analysis.structure import Loop
from s2sad.emit import to_python
from s2sad.emit.module import assemble
from s2sad.emit.syntax import names
from s2sad.explaining.counting import with_counters
from s2sad.explaining.plan import plan_of
from s2sad.explaining.report import Explanation
from s2sad.frontend import UserFunction
from s2sad.ir import For, While
from s2sad.ir.walk import walk
from s2sad.kinds.adjoint import adjoint_function, fusion
from s2sad.kinds.analysed import Analysed
from s2sad.kinds.budget import within_budget
from s2sad.kinds.gradient import require_scalar
from s2sad.optimise.parallelise import Verdict, loops_wanted
from s2sad.transform.adjoint import Adjoint, build_adjoint


@dataclass(frozen=True)
class Counting:
    """A module whose function returns how often the loops' bodies run, and the bytes of the states of some."""

    name: str
    source: str
    loops: Sequence[Loop]


@dataclass(frozen=True)
class Explained:
    """The plan of a gradient; :meth:`told` when its iterations are counted, or cannot be (``counting`` is ``None``)."""

    analysed: Analysed
    adjoint: Adjoint
    printed: frozenset[str]
    threads: tuple[Verdict, ...]
    counting: Counting | None

    def told(self, wrt: tuple[str, ...], counts: Sequence[int] | None) -> Explanation:
        user = self.analysed.user
        by_loop, sizes = None, {}
        if counts is not None and self.counting is not None:
            by_loop = dict(zip(self.counting.loops, counts))
            sizes = dict(zip(self.adjoint.context.snapshots, counts[len(by_loop):], strict=True))
        elif not any(isinstance(s, For | While) for s in walk(self.adjoint.context.fn.body)):
            by_loop = {}
        plan = plan_of(self.analysed, self.adjoint, by_loop, sizes, self.printed, self.threads)
        first = user.loc(user.node).line
        last = getattr(user.node, "end_lineno", None) or user.node.lineno
        return Explanation(user.name, wrt, user.file, first, user.lines[user.node.lineno - 1:last], plan)


def explained(user: UserFunction, argtypes: tuple[nbt.Type, ...], wrt: tuple[str, ...], *, value: bool,
              numba_options: Mapping[str, object], math: str = "libm") -> Explained:
    """Plan a gradient as :func:`~s2sad.driver.generate` does, and keep the plan rather than its code.

    Raises
    ------
    S2sadError
        Where the function, or this use of it, is not supported.
    """
    python_model = numba_options.get("error_model", "python") == "python"
    a = driver.analyse(user, argtypes, wrt, check_division=python_model, outputs=(), math=math)
    a = replace(a, callees=driver.callees_of(a, numba_options, True, math), optimised=driver.optimised,
                parallel=loops_wanted(numba_options))
    require_scalar(a, False)
    fuse = fusion(a, value)

    def build(a: Analysed) -> Adjoint:
        return build_adjoint(a.fn, a.active, a.interface.wrt, callees=a.callees, fuse=fuse)

    a = within_budget(a, build)
    adj = build(a)
    node, threads = driver.finished(adjoint_function(a, adj, value=value), a, frozenset(adj.shadows.values()))
    found = with_counters(adj.context.fn, {s: taken.state for s, taken in adj.context.snapshots.items()})
    counting = None
    if found is not None:
        fn, loops = found
        counting = Counting(fn.name, assemble((to_python(fn),), options=dict(numba_options)), loops)
    return Explained(a, adj, frozenset(names(node)), threads, counting)
