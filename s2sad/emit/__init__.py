"""From the intermediate representation to Python text."""
from s2sad.emit.pyast import to_expression, to_python
from s2sad.emit.unparse import Comment, unparse

__all__ = ["Comment", "to_expression", "to_python", "unparse"]
