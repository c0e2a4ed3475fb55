"""Passes that simplify the IR before and after differentiation; each keeps the meaning exactly."""
