"""Mutation testing: see ``run``."""
