"""numba dispatchers whose code is generated when numba first meets their argument types."""
from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numba
from numba import types
from numba.core.dispatcher import Dispatcher
from numba.extending import overload

from s2sad.api import modules


@dataclass(frozen=True)
class Implementation:
    """The compiled function for some argument types, and how it is called.

    ``arguments`` are expressions in ``args``, the arguments given; ``casts`` maps their positions to types or functions
    they are converted by; ``result`` is an expression in ``r``, what the function returned, and the names in ``space``.
    """

    target: Callable[..., object]
    arguments: tuple[str, ...]
    casts: Mapping[int, object] = field(default_factory=dict)
    result: str = "r"
    space: Mapping[str, object] = field(default_factory=dict)

    def without(self, dropped: Collection[int], count: int) -> Implementation:
        """The same for ``count`` arguments of which some are not passed on."""
        kept = tuple(k for k in range(count) if k not in dropped)
        moved = tuple(re.sub(r"^args\[(\d+)\]", lambda m: f"args[{kept[int(m[1])]}]", a) for a in self.arguments)
        return replace(self, arguments=moved)


def lazy_dispatcher(name: str, doc: str, implement: Callable[[tuple[types.Type, ...]], Implementation],
                    options: Mapping[str, Any]) -> Dispatcher:
    """A dispatcher that takes any arguments; ``implement`` gives the code for their types.

    It can be called from Python and from njit code alike. Errors that ``implement`` raises reach the caller unchanged.
    """

    def stub(*args: object) -> object:
        raise NotImplementedError

    def typing(*args: types.Type) -> Callable[..., object]:
        made = implement(tuple(_plain(t) for t in args))
        given = ", ".join(f"cast_{k}({a})" if k in made.casts else a for k, a in enumerate(made.arguments))
        text = f"def implementation(*args):\n    r = target({given})\n    return {made.result}\n"
        space: dict[str, object] = {"target": made.target, **{f"cast_{k}": c for k, c in made.casts.items()},
                                    **made.space}
        exec(text, space)
        return space["implementation"]  # type: ignore[return-value]

    overload(stub, strict=False)(typing)
    name = re.sub(r"\W", "_", name)
    text = f"def {name}(*args):\n    return stub(*args)\n"
    space = modules.load(text, name)
    space["stub"] = stub
    entry = space[name]
    entry.__doc__ = doc
    # What else the user chose belongs to the code behind it; this is only the door.
    return numba.njit(**{k: v for k, v in options.items() if k == "nogil"})(entry)


def _plain(t: types.Type) -> types.Type:
    """The type of the values, without what numba knows besides: literals, omitted defaults, read-only memory."""
    t = types.unliteral(t)
    if isinstance(t, types.Omitted):
        t = numba.typeof(t.value)
    if isinstance(t, types.Array) and not t.mutable:
        t = t.copy(readonly=False)
    return t
