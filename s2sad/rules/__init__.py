"""Derivative rules: one declaration a function, tangent and adjoint both made from it."""
from s2sad.rules import elementwise as _elementwise  # noqa: F401  (fills the table)
from s2sad.rules import linalg as _linalg  # noqa: F401
from s2sad.rules import on_complex as _on_complex  # noqa: F401  (needs what the first has declared)
from s2sad.rules.table import CONSTANT, RESULT, Rule, constant, lookup, rule

__all__ = ["CONSTANT", "RESULT", "Rule", "constant", "lookup", "rule"]
