"""Colors: corrections and color models."""

from __future__ import annotations

from .._arguments import number, optional, truth, whole
from .._protocol import Unlinked
from .._sources import Source, as_source
from ._group import P, PictureGroup


class Color(PictureGroup[P]):
    """Endpoints that correct colors and change color models."""

    async def grayscale(self, source: Source) -> P:
        """Turn the picture to shades of gray.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/grayscale
        """
        return await self._picture("grayscale", {"img": as_source(source)})

    async def gamma(self, source: Source, gamma: float, *, channel: int | None = None) -> P:
        """Correct the gamma.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            gamma: The correction; 0.8 to 2.3 is usual, 0 to 10.
            channel: ``Channel`` bits of what is touched. Left out (advised): all.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/gamma
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "gamma": number(gamma, "gamma", 0, 10),
            "channel": optional(whole, channel, "channel", 0),
        }
        return await self._picture("gamma", params)

    async def modulate(self, source: Source, brightness: float, saturation: float, hue: float) -> P:
        """Change brightness, saturation and hue.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            brightness: Percent, presumably; 100 leaves it as it is, 0 to 500.
            saturation: The same, 0 to 500.
            hue: Percent of a turn by 180 degrees: 100 is none, 50 a quarter counter-clockwise,
                150 a quarter clockwise, 0 to 360.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/modulate
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "brightness": number(brightness, "brightness", 0, 500),
            "saturation": number(saturation, "saturation", 0, 500),
            "hue": number(hue, "hue", 0, 360),
        }
        return await self._picture("modulate", params)

    async def negate(self, source: Source, gray: bool, *, channel: int | None = None) -> P:
        """Invert the colors.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            gray: Whether gray pixels alone are inverted.
            channel: ``Channel`` bits of what is touched. Left out (advised): all.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/negate
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "gray": truth(gray, "gray"),
            "channel": optional(whole, channel, "channel", 0),
        }
        return await self._picture("negate", params)

    async def normalize(self, source: Source, *, channel: int | None = None) -> P:
        """Raise the contrast: spread the colors over the whole range.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            channel: ``Channel`` bits of what is touched. Left out (advised): all.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/normalize
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "channel": optional(whole, channel, "channel", 0),
        }
        return await self._picture("normalize", params)

    async def linearstretch(self, source: Source, blackpoint: float, whitepoint: float) -> P:
        """Stretch the intensity between a black and a white point.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            blackpoint: The black point; its unit is not documented.
            whitepoint: The white point; the same.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/linearstretch
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "blackpoint": number(blackpoint, "blackpoint"),
            "whitepoint": number(whitepoint, "whitepoint"),
        }
        return await self._picture("linearstretch", params)

    async def sepia(self, source: Source, sepia: float) -> P:
        """Tone the picture like an old photograph.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            sepia: The threshold, 0 to 255.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/sepia
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "sepia": number(sepia, "sepia", 0, 255),
        }
        return await self._picture("sepia", params)

    async def haldclut(self, source: Source, *, channel: int | None = None) -> P:
        """Replace the colors by a lookup table that is built into the service.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            channel: ``Channel`` bits of what is touched. Left out (advised): all.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/haldclut
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "channel": optional(whole, channel, "channel", 0),
        }
        return await self._picture("haldclut", params)

    async def colorspace_cmyk(self, source: Source) -> P:
        """Convert the picture to the color model CMYK.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/colorspace_cmyk
        """
        return await self._picture("colorspace_cmyk", {"img": as_source(source)})

    async def colorspace_gray(self, source: Source) -> P:
        """Convert the picture to the color model gray.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/colorspace_gray
        """
        return await self._picture("colorspace_gray", {"img": as_source(source)})

    async def colorspace_hsl(self, source: Source) -> P:
        """Convert the picture to the color model HSL.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/colorspace_hsl
        """
        return await self._picture("colorspace_hsl", {"img": as_source(source)})

    async def colorspace_rgb(self, source: Source) -> P:
        """Convert the picture to the color model RGB.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/colorspace_rgb
        """
        return await self._picture("colorspace_rgb", {"img": as_source(source)})

    async def colorspace_srgb(self, source: Source) -> P:
        """Convert the picture to the color model sRGB.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/colorspace_srgb
        """
        return await self._picture("colorspace_srgb", {"img": as_source(source)})

    async def colorspace_transparent(self, source: Source) -> P:
        """Convert the picture to the color model transparent.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/colorspace_transparent
        """
        return await self._picture("colorspace_transparent", {"img": as_source(source)})
