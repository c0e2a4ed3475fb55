"""The command ``s2sad``: derivatives as files, without writing Python and without executing the file they come from."""
from __future__ import annotations

from s2sad.cli.command import main

__all__ = ["main"]
