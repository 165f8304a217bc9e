"""The endpoints, one class per group, one short method each."""

from __future__ import annotations

from ._group import P
from .animation import Animation
from .canvas import Canvas, Captures
from .color import Color
from .documents import Documents, PDFs
from .drawing import Drawing
from .faces import FaceAnalysis
from .filters import Filters
from .formats import Formats
from .frames import Frames
from .geometry import Geometry
from .language import Language
from .restoration import Restoration
from .service import Service
from .sizes import Sizes
from .storage import Storage
from .text import Memes, Text
from .tones import Tones
from .vision import Vision


class Pictures(
    Animation[P],
    Canvas[P],
    Color[P],
    Drawing[P],
    Filters[P],
    Formats[P],
    Frames[P],
    Geometry[P],
    PDFs[P],
    Sizes[P],
    Text[P],
    Tones[P],
):
    """Every endpoint that makes a picture and documents ``blob``, whatever it returns."""


class Others(
    Captures,
    Documents,
    FaceAnalysis,
    Language,
    Memes,
    Restoration,
    Service,
    Storage,
    Vision,
):
    """Every endpoint that answers in one way alone."""
