"""Files are written whole or not at all."""
from __future__ import annotations

import os
from pathlib import Path

from s2sad.errors import BadCall


def require_writable(path: Path, source: Path, *, force: bool) -> None:
    """Refuse an output that exists already, that is the input, or that has no directory to be in."""
    if path.is_dir():
        raise BadCall(f"{path} is a directory", code="S2S060", hint="name a file in it")
    if not path.parent.is_dir():
        raise BadCall(f"there is no directory {path.parent}", code="S2S060", hint="make it first")
    if path.exists() and source.exists() and path.samefile(source):
        raise BadCall(f"{path} is the file that is read", code="S2S060", hint="name another output")
    if not force and os.path.lexists(path):
        raise BadCall(f"{path} exists", code="S2S060", hint="--force overwrites it")


def write(path: Path, text: str) -> None:
    """Write a file by way of a temporary one beside it, so that nobody ever sees half of it.

    The mode of a file that is replaced is kept; a link is followed.
    """
    path = path.resolve()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    mode = path.stat().st_mode & 0o777 if path.exists() else None
    try:
        # Exclusively, and with the permissions that the user's umask leaves.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as f:
            f.write(text)
            f.flush()
            os.fsync(f.fileno())
        if mode is not None:
            temporary.chmod(mode)
        os.replace(temporary, path)
    except OSError as e:
        temporary.unlink(missing_ok=True)
        raise BadCall(f"{path.name} cannot be written: {e.strerror}", code="S2S060",
                      hint="name an output in a directory you may write to") from None
