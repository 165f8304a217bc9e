"""Deleting very many links as a job that outlives its process.

``import pixlab_async`` never opens this room.
"""
