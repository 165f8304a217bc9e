"""What the gallery shows: per group, each endpoint's arguments as they would be typed.

The names in them are pictures (see ``gallery``) or values of the package.
"""

from __future__ import annotations

from pixlab_async.catalogue import catalogue

CALLS: dict[str, dict[str, str]] = {
    "sizes": {
        "adaptiveresize": "picture, width=180, height=120",
        "avatar": "picture",
        "emailfit": "picture",
        "magnify": "picture",
        "minify": "picture",
        "msgfit": "picture",
        "resample": "photo, xr=36, yr=36, blur=16",
        "resize": "picture, width=200, height=80",
        "scale": "picture, scale=70",
        "smartresize": "picture, width=150, height=150",
        "thumbnail": "picture, width=120, height=80",
        "webfit": "picture",
    },
    "geometry": {
        "chop": "picture, x=100, y=0, width=40, height=50",
        "crop": "picture, x=130, y=50, width=110, height=100",
        "extent": 'picture, width=300, height=200, x=-30, y=-20, color="khaki"',
        "flip": "picture",
        "flop": "picture",
        "roll": "picture, x=60, y=20",
        "rotate": 'picture, degree=20, color="khaki"',
        "smartcrop": "picture, x=20, y=30, width=90, height=90",
        "transpose": "picture",
        "transverse": "picture",
    },
    "filters": {
        "blur": "picture, radius=8, sigma=3",
        "charcoal": "picture, radius=1, sigma=1",
        "gaussianblur": "picture, radius=12, sigma=5",
        "implode": "picture, radius=0.6",
        "motionblur": "picture, radius=16, sigma=8, angle=0",
        "noise": "picture, noise=2",
        "oilpaint": "picture, radius=4",
        "radialblur": "picture, angle=8",
        "shade": "picture, gray=True, azimuth=30, elevation=30",
        "sketch": "picture, sigma=10, angle=135, radius=30",
    },
    "color": {
        "colorspace_cmyk": "picture",
        "colorspace_gray": "picture",
        "colorspace_hsl": "picture",
        "colorspace_rgb": "picture",
        "colorspace_srgb": "picture",
        "colorspace_transparent": "picture",
        "gamma": "picture, gamma=2",
        "grayscale": "picture",
        "haldclut": "picture",
        "linearstretch": "pale, blackpoint=400, whitepoint=3000",
        "modulate": "picture, brightness=110, saturation=160, hue=150",
        "negate": "picture, gray=False",
        "normalize": "pale",
        "sepia": "picture, sepia=200",
    },
    "tones": {
        "blackthreshold": 'picture, color="#909090"',
        "orderedposterize": 'picture, type="o8x8"',
        "posterize": "picture, level=4, dither=False",
        "quantize": "picture, nc=8, cs=1, td=8, dither=True",
        "randomthreshold": "picture, low=60, high=200",
        "remap": "picture, dither=2",
        "segment": "picture, ct=1, cs=1, st=4",
        "separate": "picture, channel=Channel.RED",
        "threshold": "picture, th=140",
    },
    "formats": {
        "compress": "photo, quality=8",
        "convert": 'picture, export="jpeg", compression=20',
        "decrypt": 'scrambled, pwd="open sesame"',
        "encrypt": 'picture, pwd="open sesame"',
        "setopt": 'photo, opt="quality", val="40"',
        "setorientation": "photo, orientation=6",
        "setresolution": "photo, xr=300, yr=300",
        "strip": "photo",
    },
    "text": {
        "drawtext": 'picture, top="Good morning", bottom="Coffee?", size=22, strokecolor="black"',
        "drawtextat": 'picture, x=96, y=60, text="Here!", size=26, color="darkred"',
    },
    "drawing": {
        "drawline": 'picture, startx=62, starty=30, endx=190, endy=34, color="red", strokewidth=3',
        "drawlines": (
            'picture, lines=[Line(120, 150, 190, 34, color="red"), Line(120, 150, 62, 74)], '
            "strokewidth=4"
        ),
        "drawpoints": 'picture, points=[Point(x, 20) for x in range(20, 120, 4)], color="red"',
        "drawrectangle": 'picture, x=38, y=42, width=48, height=64, color="red"',
        "drawrectangles": (
            'picture, cord=[face, Rectangle(138, 58, 92, 86)], color="yellow", strokewidth=3'
        ),
    },
    "frames": {
        "border": 'picture, width=12, height=12, color="saddlebrown"',
        "favicon": "badge",
        "flatten": "moving",
        "merge": "src=picture, cord=[Overlay(badge, x=100, y=8)]",
        "mogrify": "picture, cord=[face], radius=12",
        "polaroid": "picture, angle=8",
        "reflect": "picture, size=70",
        "shadow": "picture, opacity=70, sigma=4, x=8, y=8",
    },
    "animation": {
        "cropgif": "moving, x=30, y=10, width=60, height=60",
        "gifcomposite": "moving, composite=badge, x=4, y=4",
        "makegif": "frames=[picture, mirrored], delay=600",
        "resizegif": "moving, width=180, height=120",
    },
    "canvas": {
        "imgdiff": "src=picture, target=mirrored",
        "newimage": 'width=120, height=80, color="teal"',
        "pixelgenerate": "width=120, height=80",
    },
    "documents": {
        "pdfgen": 'input="# Menu\\n\\n- coffee\\n- **cake** of the day", format="markdown"',
    },
}

EXCEPTIONS = {
    "bgremove": (
        "It takes a trained model to tell a subject from its background. The emulator has none, "
        "and answers what a test tells it."
    ),
}


def missing() -> set[str]:
    """Endpoints of ``client.blob`` that the gallery neither shows nor excuses."""
    shown = {name for calls in CALLS.values() for name in calls}
    return {name for name, entry in catalogue().items() if entry.blob} - shown - set(EXCEPTIONS)
