"""From Python source to the intermediate representation."""
from s2sad.frontend.definite import define_everywhere
from s2sad.frontend.infer import infer
from s2sad.frontend.lowering import lower_function
from s2sad.frontend.source import Constant, Library, Module, UserFunction

__all__ = ["Constant", "Library", "Module", "UserFunction", "define_everywhere", "infer", "lower_function"]
