"""What the client must know of an endpoint to handle a call to it.

Only what the wire, retries and clean-up need, and held against the catalogue by a test.
Parameters and replies stand in the typed methods. Source: https://pixlab.io/rest-api and the
endpoints' own pages.
"""

from __future__ import annotations

import re

from attrs import frozen

from ._errors import ConfigurationError

API = "api.pixlab.io"
LLM = "llm.pixlab.io"


@frozen(eq=False)
class Endpoint:
    """The facts of one endpoint.

    Attributes:
        name: The path's one segment.
        methods: HTTP methods it is documented to take, the preferred one first.
        stores: Whether a successful call leaves a picture stored.
        repeatable: Whether a call may be sent again when the first one may have worked.
        upload: Whether it takes a picture's bytes; else they go through ``store``.
        keyless: Whether it is documented without a key.
        host: Which of the service's hosts it is on.
    """

    name: str
    methods: tuple[str, ...] = ("GET", "POST")
    stores: bool = False
    repeatable: bool = False
    upload: bool = False
    keyless: bool = False
    host: str = API


_GET, _POST, _BOTH = ("GET",), ("POST",), ("GET", "POST")

# Each makes one picture of another, which is given as a link or uploaded.
_PICTURES = (
    "adaptiveresize avatar blackthreshold blur border charcoal chop colorspace_cmyk "
    "colorspace_gray colorspace_hsl colorspace_rgb colorspace_srgb colorspace_transparent "
    "compress convert crop cropgif decrypt drawline drawrectangle drawtext drawtextat emailfit "
    "encrypt extent favicon flatten flip flop gamma gaussianblur gifcomposite grayscale haldclut "
    "implode linearstretch magnify minify modulate motionblur msgfit negate noise normalize "
    "oilpaint orderedposterize polaroid posterize quantize radialblur randomthreshold reflect "
    "remap resample resize resizegif roll rotate scale segment separate sepia setopt "
    "setorientation setresolution shade shadow sketch smartcrop smartresize strip threshold "
    "thumbnail transpose transverse webfit"
)
# Each tells something of a picture, and leaves nothing stored.
_ANALYSES = "describe facedetect facelandmarks facemotion header nsfw query seotag sfw tagimg"

_TABLE = (
    *(Endpoint(name, _BOTH, stores=True, upload=True) for name in _PICTURES.split()),
    *(
        Endpoint(name, _BOTH, repeatable=True, upload=True)
        for name in (*_ANALYSES.split(), "txtremove")
    ),
    # Several pictures in one JSON object.
    *(
        Endpoint(name, _POST, stores=True)
        for name in ("drawlines", "drawpoints", "drawrectangles", "makegif", "merge", "mogrify")
    ),
    # Pictures from elsewhere, or from nothing.
    *(
        Endpoint(name, _GET, stores=True)
        for name in (
            "colorize",
            "copy",
            "imgdiff",
            "meme",
            "newimage",
            "pixelgenerate",
            "removebg",
            "screencapture",
        )
    ),
    Endpoint("pdftoimg", _GET, stores=True),
    Endpoint("pdfgen", _POST, stores=True, upload=True),
    Endpoint("template", _POST, stores=True),
    Endpoint("store", _POST, stores=True, upload=True),
    Endpoint("delete", _GET, repeatable=True),
    Endpoint("status", _GET, repeatable=True, keyless=True),
    Endpoint("ocr", _GET, repeatable=True),
    Endpoint("imgembed", _GET, repeatable=True),
    Endpoint("facecompare", _BOTH, repeatable=True),
    Endpoint("facelookup", _GET, repeatable=True),
    # With a bucket of the account's own they leave something there: never sent twice.
    Endpoint("bgremove", _BOTH, stores=True, upload=True),
    Endpoint("docscan", _BOTH, stores=True, upload=True),
    # What it leaves stored is not known: the same.
    Endpoint("imgtranslate", _POST, stores=True, upload=True),
    Endpoint("answer", _BOTH, repeatable=True, host=LLM),
    Endpoint("coder", _POST, repeatable=True, host=LLM),
    Endpoint("llmparse", _POST, stores=True, host=LLM),
    Endpoint("toolcall", _POST, stores=True, host=LLM),
)

ENDPOINTS = {endpoint.name: endpoint for endpoint in _TABLE}

_NAME = re.compile(r"[a-z0-9_]+")


def find(name: str) -> Endpoint:
    """The endpoint of that name; of one that is not listed, nothing good is assumed.

    Raises:
        ConfigurationError: No endpoint can have that name.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name[:60]!r} is no endpoint's name: pass the one word after the host, in lower "
            f"case, such as 'oilpaint'."
        )

    return ENDPOINTS.get(name) or Endpoint(name, _GET, stores=True, upload=True)
