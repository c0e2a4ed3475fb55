"""The version, in one place: packaging and the header of emitted modules read it from here."""
__version__ = "0.1.0"
