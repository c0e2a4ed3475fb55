"""The kinds of function s2sad generates, each built from the sweeps of :mod:`s2sad.transform`."""
