"""Analyses: each returns a typed value of its own, passed on explicitly."""
