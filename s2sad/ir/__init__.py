"""The intermediate representation every pass works on."""
from s2sad.ir.nodes import *  # noqa: F403
