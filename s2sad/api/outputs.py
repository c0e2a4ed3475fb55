"""Which of a function's parameters count as its outputs."""
from __future__ import annotations

from typing import TypeAlias

from s2sad.api.program import Program
from s2sad.api.results import normal, refuse_procedure
from s2sad.driver import Interface
from s2sad.errors import BadCall
from s2sad.frontend.layout import Layout

OutputsLike: TypeAlias = "str | tuple[str, ...] | list[str] | None"


def spelled(outputs: OutputsLike) -> tuple[str, ...] | str | None:
    """``outputs`` as something that can be compared; anything but names is refused."""
    if outputs is None or isinstance(outputs, str):
        return outputs
    if not isinstance(outputs, (tuple, list)) or not all(isinstance(name, str) for name in outputs):
        raise BadCall(f"outputs is {outputs!r}, not a tuple of names", hint='outputs=("y", "return"), for example')
    return tuple(outputs)


def resolve(program: Program, layout: Layout, interface: Interface, outputs: OutputsLike) -> tuple[str, ...] | None:
    """Check ``outputs`` against what the function writes to; ``None`` stands for the returned value alone."""
    if outputs is None:
        refuse_procedure(program.name, interface, mutated_parameters(layout, interface))
        return None
    names = (outputs,) if isinstance(outputs, str) else tuple(outputs)
    if not names:
        raise BadCall("outputs is empty", hint=_hint(program, layout, interface))
    for k, name in enumerate(names):
        if name in names[:k]:
            raise BadCall(f"outputs names '{name}' twice", hint="name it once")
        if name == "return":
            if normal(interface.result) is None:
                raise BadCall(f"outputs names the returned value, but {program.name} returns nothing",
                              hint=_hint(program, layout, interface))
        elif name not in program.parameters.names:
            raise BadCall(f"'{name}' in outputs is not a parameter of {program.name}",
                          hint=_hint(program, layout, interface))
        elif name not in mutated_parameters(layout, interface):
            raise BadCall(f"{program.name} does not write to '{name}', which outputs names",
                          hint=_hint(program, layout, interface))
    return names


def mutated_parameters(layout: Layout, interface: Interface) -> tuple[str, ...]:
    """The user's parameters of which something is written to."""
    return tuple(n for n in layout.names if not set(layout.leaves((n,))).isdisjoint(interface.mutated))


def leaves_written(layout: Layout, interface: Interface, outputs: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The outputs in terms of the generated function's parameters."""
    if outputs is None:
        return None
    return tuple(leaf for o in outputs
                 for leaf in ((o,) if o == "return" else layout.leaves((o,))) if o == "return"
                 or leaf in interface.mutated)


def _hint(program: Program, layout: Layout, interface: Interface) -> str:
    possible = list(mutated_parameters(layout, interface))
    possible += ["return"] if normal(interface.result) is not None else []
    return f"possible outputs of {program.name} are: {', '.join(possible) or 'none'}"
