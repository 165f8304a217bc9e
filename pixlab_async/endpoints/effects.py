"""Artistic effects."""

from __future__ import annotations

from .._catalogue import OILPAINT
from .._sources import Source
from ._group import P, PictureGroup, number


class Effects(PictureGroup[P]):
    """Endpoints that make a picture look painted, drawn or worn."""

    async def oilpaint(self, source: Source, radius: float) -> P:
        """Paint the picture in oil: each pixel takes the commonest colour around it.

        Args:
            source: The picture: a URL that PixLab fetches, a stored ``Media``, or a
                ``Path``, bytes, a binary file or an iterable of bytes to upload.
            radius: Pixels, 0 to 10; the radius of the circle that is looked at.

        Returns:
            The painted picture: stored until you delete it, or its bytes when called on
            ``pixlab.blob``.

        Raises:
            ConfigurationError: The source or the radius cannot be sent.
            NotFound: PixLab found no picture at the source's URL.
            UnsupportedMedia: The source is no picture that PixLab reads.
            PixLabError: Any other failure, see the error tree.

        Source: https://pixlab.io/endpoints/oilpaint
        """
        radius = number(radius, "radius", minimum=0.0, maximum=10.0)
        return await self.send(self._picture_call(OILPAINT, source, {"radius": radius}))
