"""Array statements become loops over elements; views become index expressions on their base array."""
from s2sad.lower.statements import lower_arrays

__all__ = ["lower_arrays"]
