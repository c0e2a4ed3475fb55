"""NumPy functions as programs: each is one declaration, its body written in the language the compiler reads.

A call of one is replaced by its body, specialised for the types of the operands; derivatives of both modes follow from
those of loops and numbers. :mod:`s2sad.array_functions.declare` says how a function is declared,
:mod:`s2sad.array_functions.sites` how calls are replaced.
"""
from s2sad.array_functions import (
    broadcasting,
    building,
    comparing,
    contractions,
    elementwise,
    extremes,
    ignoring_nan,
    joining,
    ordering,
    rearranging,
    reductions,
    scattering,
    searching,
    sets,
    signals,
    statistics,
    windows,
)
from s2sad.array_functions.declare import Declaration, declared, table

__all__ = ["Declaration", "broadcasting", "building", "comparing", "contractions", "declared", "elementwise",
           "extremes", "ignoring_nan", "joining", "ordering", "rearranging", "reductions", "scattering", "searching",
           "sets", "signals", "statistics", "table", "windows"]
