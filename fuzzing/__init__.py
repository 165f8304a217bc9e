"""Fuzz targets: one module each, which runs alone: ``python -m fuzzing.replies``."""
