"""Blurring pictures, and making them look painted, drawn or worn."""

from __future__ import annotations

from typing import Literal

from .._arguments import number, optional, truth, whole
from .._protocol import Unlinked
from .._sources import Source, as_source
from ._group import P, PictureGroup


class Filters(PictureGroup[P]):
    """Endpoints that blur, and artistic effects."""

    async def blur(
        self, source: Source, radius: float, sigma: float, *, channel: int | None = None
    ) -> P:
        """Blur the whole picture.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            radius: Pixels, 0 to 100.
            sigma: Pixels; the standard deviation, 0 to 200.
            channel: ``Channel`` bits of what is touched. Left out (advised): all.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/blur
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "radius": number(radius, "radius", 0, 100),
            "sigma": number(sigma, "sigma", 0, 200),
            "channel": optional(whole, channel, "channel", 0),
        }
        return await self._picture("blur", params)

    async def gaussianblur(
        self, source: Source, radius: float, sigma: float, *, channel: int | None = None
    ) -> P:
        """Blur the picture with a Gaussian.

        Documented to need the plan Prod or a higher one.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            radius: Pixels, the center not counted; should exceed sigma, 0 to 100.
            sigma: Pixels; the standard deviation, 0 to 100.
            channel: ``Channel`` bits of what is touched. Left out (advised): all.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/gaussianblur
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "radius": number(radius, "radius", 0, 100),
            "sigma": number(sigma, "sigma", 0, 100),
            "channel": optional(whole, channel, "channel", 0),
        }
        return await self._picture("gaussianblur", params)

    async def motionblur(
        self,
        source: Source,
        radius: float,
        sigma: float,
        angle: float,
        *,
        channel: int | None = None,
    ) -> P:
        """Blur the picture as if it moved.

        Documented to need the plan Prod or a higher one.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            radius: Pixels; should exceed sigma, 0 to 100.
            sigma: Pixels; the standard deviation, 0 to 200.
            angle: Degrees; the direction of the motion, 360 at most.
            channel: ``Channel`` bits of what is touched. Left out (advised): all.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/motionblur
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "radius": number(radius, "radius", 0, 100),
            "sigma": number(sigma, "sigma", 0, 200),
            "angle": number(angle, "angle", None, 360),
            "channel": optional(whole, channel, "channel", 0),
        }
        return await self._picture("motionblur", params)

    async def radialblur(self, source: Source, angle: float, *, channel: int | None = None) -> P:
        """Blur the picture as if it turned.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            angle: Degrees, 180 at most.
            channel: ``Channel`` bits of what is touched. Left out (advised): all.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/radialblur
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "angle": number(angle, "angle", None, 180),
            "channel": optional(whole, channel, "channel", 0),
        }
        return await self._picture("radialblur", params)

    async def noise(
        self,
        source: Source,
        noise: Literal[1, 2, 3, 4, 5, 6, 7],
        *,
        channel: int | None = None,
    ) -> P:
        """Add random noise.

        1 uniform, 2 Gaussian, 3 multiplicative Gaussian, 4 impulse, 5 Laplacian, 6 Poisson, 7
        random.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            noise: The kind of noise, by the vendor's constant, 1 to 7.
            channel: ``Channel`` bits of what is touched. Left out (advised): all.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/noise
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "noise": whole(noise, "noise", 1, 7),
            "channel": optional(whole, channel, "channel", 0),
        }
        return await self._picture("noise", params)

    async def oilpaint(self, source: Source, radius: float) -> P:
        """Paint the picture in oil: each pixel takes the commonest color around it.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            radius: Pixels; of the circle that is looked at, 0 to 10.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/oilpaint
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "radius": number(radius, "radius", 0, 10),
        }
        return await self._picture("oilpaint", params)

    async def charcoal(self, source: Source, radius: float, sigma: float) -> P:
        """Draw the picture in charcoal.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            radius: Pixels, the center not counted, 0 to 10.
            sigma: Pixels; the standard deviation, 0 to 100.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/charcoal
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "radius": number(radius, "radius", 0, 10),
            "sigma": number(sigma, "sigma", 0, 100),
        }
        return await self._picture("charcoal", params)

    async def sketch(
        self, source: Source, sigma: float, angle: float, *, radius: float | None = None
    ) -> P:
        """Sketch the picture in pencil.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            sigma: Pixels; the standard deviation, 0 to 100.
            angle: Degrees; the direction of the strokes, 360 at most.
            radius: Pixels, the center not counted; left out, the service chooses, 0 to 30.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/sketch
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "sigma": number(sigma, "sigma", 0, 100),
            "angle": number(angle, "angle", None, 360),
            "radius": optional(number, radius, "radius", 0, 30),
        }
        return await self._picture("sketch", params)

    async def implode(self, source: Source, radius: float) -> P:
        """Pull the pixels towards the center.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            radius: How far, 10 at most.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/implode
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "radius": number(radius, "radius", None, 10),
        }
        return await self._picture("implode", params)

    async def shade(self, source: Source, gray: bool, azimuth: float, elevation: float) -> P:
        """Light the picture from afar, for a look of depth.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            gray: Whether the intensity of each pixel is shaded.
            azimuth: Degrees off the x axis; where the light comes from.
            elevation: Pixels above the z axis; how high the light stands.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/shade
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "gray": truth(gray, "gray"),
            "azimuth": number(azimuth, "azimuth"),
            "elevation": number(elevation, "elevation"),
        }
        return await self._picture("shade", params)
