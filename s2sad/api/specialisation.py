"""What was generated for one kind of derivative and one set of argument types, executed when first called for."""
from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from numba.core.compiler_lock import global_compiler_lock

from s2sad import driver
from s2sad.api import modules
from s2sad.api.optimistic import first_plain, with_plain_products
from s2sad.api.workspace import lending, lending_when_it_pays, with_workspace
from s2sad.frontend.ruled import carry_rule


class Specialisation:
    """What was generated for one kind and one set of argument types; it is executed when first called for."""

    def __init__(self, generated: driver.Generated, cached: bool, optimistic: bool,
                 serial: Callable[[], driver.Generated] | None = None) -> None:
        self.generated = generated
        self._serial = serial
        self._cached = cached
        self._optimistic = optimistic
        self.plain: Any = None
        """The entry compiled with plain products, where :attr:`gradient` uses one."""
        self._plain_loops: Specialisation | None = None
        self._called: Callable[..., Any] | None = None
        self._namespace: dict[str, object] | None = None

    @property
    def interface(self) -> driver.Interface:
        return self.generated.interface

    @property
    def entry(self) -> Any:
        """The compiled function."""
        return self._load()[self.generated.name]

    @property
    def to_differentiate(self) -> Any:
        """The entry before its loops were taken apart for threads, which would only get in the way."""
        if self._serial is None:
            return self.entry
        with global_compiler_lock:
            if self._plain_loops is None:
                self._plain_loops = Specialisation(self._serial(), False, False)
            return self._plain_loops.entry

    @property
    def gradient(self) -> Callable[..., Any]:
        """The entry for calls from Python: tapes in a workspace, and plain products first where that is as good."""
        with global_compiler_lock:
            if self._called is None:
                self._called = self._for_python()
            return self._called

    def _for_python(self) -> Callable[..., Any]:
        @cache
        def strong() -> Callable[..., Any]:
            return self._lending(self.entry, self.generated.source, "")

        text = with_plain_products(self.generated.source) if self._optimistic else None
        if text is None:
            return strong()
        name = self.generated.name
        self.plain = modules.load(text, f"{name}_plain", cached=self._cached)[name]
        return first_plain(self._lending(self.plain, text, "_plain"), strong)

    def _lending(self, entry: Callable[..., Any], text: str, label: str) -> Callable[..., Any]:
        """The entry; from when it pays the one with its tapes in a workspace, if it has tapes that can be."""
        kind, name = self.generated.kind, self.generated.name
        if kind not in ("grad", "value_and_grad") or isinstance(self.interface.result, tuple):
            return entry                        # what else a function returns may be an array of its own
        moved = with_workspace(text, name)
        if moved is None:
            return entry

        def lent() -> Callable[..., Any]:
            with global_compiler_lock:
                made: Any = modules.load(moved, f"{name}{label}_lent", cached=self._cached)[name]
            return lending(made)

        return lending_when_it_pays(entry, lent)

    @property
    def entries(self) -> tuple[Any, ...]:
        """All entry points, in their order."""
        space = self._load()
        return tuple(space[name] for name in self.generated.entries)

    def _load(self) -> dict[str, object]:
        with global_compiler_lock:
            if self._namespace is None:
                self._namespace = modules.load(self.generated.source, self.generated.name, cached=self._cached)
                for name, user in self.generated.ruled.items():
                    # differentiated again, the function in the module is the user's
                    carry_rule(self._namespace[name], user)
            return self._namespace
