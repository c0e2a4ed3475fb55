"""Which of a function's parameters count as its outputs."""
from __future__ import annotations

from typing import TypeAlias

from s2sad.api.program import Program, Types
from s2sad.api.results import Tree, normal, refuse_procedure
from s2sad.driver import Interface
from s2sad.errors import BadCall

OutputsLike: TypeAlias = "str | tuple[str, ...] | list[str] | None"


def spelled(outputs: OutputsLike) -> tuple[str, ...] | str | None:
    """``outputs`` as something that can be compared; anything but names is refused."""
    if outputs is None or isinstance(outputs, str):
        return outputs
    if not isinstance(outputs, (tuple, list)) or not all(isinstance(name, str) for name in outputs):
        raise BadCall(f"outputs is {outputs!r}, not a tuple of names", hint='outputs=("y", "return"), for example')
    return tuple(outputs)


def resolve(program: Program, interface: Interface, outputs: OutputsLike) -> tuple[str, ...] | None:
    """Check ``outputs`` against what the function writes to; ``None`` stands for the returned value alone."""
    if outputs is None:
        refuse_procedure(program.name, interface)
        return None
    names = (outputs,) if isinstance(outputs, str) else tuple(outputs)
    if not names:
        raise BadCall("outputs is empty", hint=_hint(program, interface))
    for k, name in enumerate(names):
        if name in names[:k]:
            raise BadCall(f"outputs names '{name}' twice")
        if name == "return":
            if normal(interface.result) is None:
                raise BadCall(f"outputs names the returned value, but {program.name} returns nothing",
                              hint=_hint(program, interface))
        elif name not in program.parameters.names:
            raise BadCall(f"'{name}' in outputs is not a parameter of {program.name}", hint=_hint(program, interface))
        elif name not in interface.mutated:
            raise BadCall(f"{program.name} does not write to '{name}', which outputs names",
                          hint=_hint(program, interface))
    return names


def types_of_outputs(program: Program, interface: Interface, argtypes: Types, outputs: tuple[str, ...] | None) -> Tree:
    """The structure of the value: the returned one's, or a tuple in the order of ``outputs``."""
    result = normal(interface.result)
    if outputs is None:
        return result
    return tuple(result if name == "return" else argtypes[program.parameters.index(name)] for name in outputs)


def _hint(program: Program, interface: Interface) -> str:
    possible = list(interface.mutated) + (["return"] if normal(interface.result) is not None else [])
    return f"possible outputs of {program.name} are: {', '.join(possible) or 'none'}"
