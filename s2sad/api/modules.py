"""Generated text becomes a live module: known to ``linecache``, or a real file where numba shall cache machine code."""
from __future__ import annotations

import hashlib
import linecache
import os
import stat
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from s2sad.errors import S2sadError


def load(text: str, label: str, *, cached: bool = False) -> dict[str, object]:
    """Execute a generated module and return its namespace.

    Tracebacks, ``inspect`` and debuggers find its lines: under a pseudo file name that depends on the text only, or,
    with ``cached``, in a file of the user's cache directory, which numba's ``cache=True`` asks for.

    Examples
    --------
    >>> space = load("def twice(x):\\n    return 2 * x\\n", "twice")
    >>> space["twice"](4), space["twice"].__code__.co_filename.startswith("<s2sad twice ")
    (8, True)
    """
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    if cached:
        filename = str(_file(text, f"{label}_{digest}.py"))
    else:
        filename = f"<s2sad {label} {digest}>"
        # Without a modification time linecache never drops the entry.
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    module = ModuleType(f"s2sad_generated_{label}_{digest}")
    module.__file__ = filename
    if cached:
        # Where numba loads machine code it imports the module that the function came from.
        sys.modules[module.__name__] = module
        exec(compile(text, filename, "exec"), vars(module))
        return vars(module)
    # numba finds a recursive function's own code by the name of its module, which has to be one that can be imported,
    # or none while the functions are made.
    space = vars(module)
    name, space["__name__"] = module.__name__, None
    exec(compile(text, filename, "exec"), space)
    space["__name__"] = name
    return space


def cache_directory() -> Path:
    """Where generated modules are kept when numba caches them: ``S2SAD_CACHE_DIR``, or the user's cache directory."""
    chosen = os.environ.get("S2SAD_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "s2sad"


def _file(text: str, name: str) -> Path:
    directory = cache_directory()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = directory.stat()
    if hasattr(os, "getuid") and (state.st_uid != os.getuid() or stat.S_IMODE(state.st_mode) & 0o022):
        # What lies there is executed: nobody else may have written it.
        raise S2sadError(f"the cache directory {directory} belongs to or can be written by others",
                         hint="set S2SAD_CACHE_DIR to a directory of yours with mode 0700, or do without cache=True")
    path = directory / name
    # The text is generated anew every time and compared, never trusted; an equal file is left alone, because numba
    # takes a new modification time for new source.
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        handle, temporary = tempfile.mkstemp(dir=directory, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(temporary, path)
    return path
