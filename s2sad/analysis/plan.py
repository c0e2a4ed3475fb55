"""The plan of a reverse sweep: how each value it needs gets there."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from s2sad.analysis.checkpoints import State
from s2sad.analysis.fusible import Fused
from s2sad.analysis.known_values import Known
from s2sad.analysis.structure import Loop
from s2sad.ir import Assign, Atom, For, Stmt


@dataclass(frozen=True)
class Need:
    """A name whose value the reverse of a statement wants, as it is after the statement rather than before.

    ``index``: of an array, the one element; ``None``: all of them, or a scalar.
    """

    name: str
    at: Stmt
    after: bool
    index: tuple[Atom, ...] | None = None


@dataclass
class Plan:
    """How required values are restored, by statement."""

    recompute: dict[Stmt, list[tuple[Assign, bool]]] = field(default_factory=dict)
    """At the reverse of a statement: temporaries to recompute; True: before that statement's own restore."""
    taped: dict[Stmt, list[str]] = field(default_factory=dict)
    """After this statement (which binds the names) the values are stored."""
    fetch: dict[Stmt, list[tuple[Stmt, str]]] = field(default_factory=dict)
    """At the reverse of a statement: the taped definitions to read back."""
    saved: set[Stmt] = field(default_factory=set)
    """Statements whose overwritten value is saved before."""
    at_end: dict[int, list[str]] = field(default_factory=dict)
    """By ``id`` of a block: names stored at its end."""
    known: Mapping[Stmt, Known] = field(default_factory=dict)
    """By operation: values of others that its partials would compute again."""
    groups: Mapping[str, set[str]] = field(default_factory=dict)
    """Arrays that are swapped with one another."""
    fused: dict[For, Fused] = field(default_factory=dict)
    """Loops run forward and backward one iteration at a time."""
    checkpointed: frozenset[Stmt] = frozenset()
    """Loops that are to keep snapshots rather than tapes."""
    repeated: dict[Loop, State] = field(default_factory=dict)
    """Checkpointed loops, and what is brought back before an iteration is run again."""
    restored_before: set[Loop] = field(default_factory=set)
    """The repeated loops of which what comes before them wants the state they begin with, even if they have no step."""
    overwritten: Mapping[Stmt, tuple[str, ...]] = field(default_factory=dict)
    """By loop: the arrays that it fills."""
    live: set[str] = field(default_factory=set)
    """Every name some reverse statement may need (flow-insensitive)."""
