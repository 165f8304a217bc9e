"""The endpoints, one class per group, one short method each."""

from ._group import Group, PictureGroup
from .effects import Effects
from .service import Service
from .storage import Storage

__all__ = ["Effects", "Group", "PictureGroup", "Service", "Storage"]
