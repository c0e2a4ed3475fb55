"""Types of calls that stay calls: numba compiles the functions as they are written, and is asked."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from s2sad.emit.module import assemble
from s2sad.emit.primal import primal_text
from s2sad.frontend.source import UserFunction

_recent: OrderedDict[object, tuple[UserFunction, Any]] = OrderedDict()
RECENT = 32


def compiled(callees: Mapping[str, UserFunction]) -> dict[str, Any]:
    """The functions as numba dispatchers, compiled when they are first called or typed."""
    return {name: _dispatcher(user) for name, user in callees.items()}


def _dispatcher(user: UserFunction) -> Any:
    found = _recent.get(_key(user))
    if found is None:
        primal = primal_text(user)
        functions = tuple(replace(f, options={k: v for k, v in f.options.items() if k == "error_model"})
                          for f in primal.functions)
        space: dict[str, Any] = {}
        # the user's own functions, written out
        exec(compile(assemble((), primal=replace(primal, functions=functions)), f"<{user.name}>", "exec"), space)
        found = _recent[_key(user)] = user, space[user.name]
        while len(_recent) > RECENT:
            _recent.popitem(last=False)
    return found[1]


def _key(user: UserFunction) -> object:
    return id(user) if user.identity is None else user.key
