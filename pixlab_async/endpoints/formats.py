"""How a picture is written: format, quality, metadata, encryption."""

from __future__ import annotations

from typing import Literal

from .._arguments import filled, optional, whole, words
from .._protocol import Unlinked
from .._sources import Source, as_source
from ._group import P, PictureGroup


class Formats(PictureGroup[P]):
    """Endpoints that change how a picture is written."""

    async def convert(
        self,
        source: Source,
        export: str,
        *,
        background: str | None = None,
        compression: int | None = None,
    ) -> P:
        """Write the picture in another format.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            export: The format, such as "jpeg", "png", "tiff" or "bmp"; for GIFs see
                ``makegif``.
            background: A name or #hex; "tr" is transparent.
            compression: The quality, of JPEG alone, 0 to 100.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/convert
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "export": filled(export, "export"),
            "background": optional(filled, background, "background"),
            "compression": optional(whole, compression, "compression", 0, 100),
        }
        return await self._picture("convert", params)

    async def compress(self, source: Source, quality: int) -> P:
        """Write the picture anew, in a quality of your choice.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            quality: The quality, 1 to 100.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/compress
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "quality": whole(quality, "quality", 1, 100),
        }
        return await self._picture("compress", params)

    async def strip(self, source: Source) -> P:
        """Drop metadata: comments, profiles, camera data.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/strip
        """
        return await self._picture("strip", {"img": as_source(source)})

    async def setopt(self, source: Source, opt: str, val: str) -> P:
        """Set one option of ImageMagick's on the picture.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            opt: The option's name, as of ImageMagick's ``-define``.
            val: Its value.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/cmd?id=setopt
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "opt": filled(opt, "opt"),
            "val": words(val, "val"),
        }
        return await self._picture("setopt", params)

    async def setorientation(
        self, source: Source, orientation: Literal[1, 2, 3, 4, 5, 6, 7, 8]
    ) -> P:
        """Set the orientation tag; the pixels stay.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            orientation: The constant, as in EXIF, 1 to 8.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/setorientation
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "orientation": whole(orientation, "orientation", 1, 8),
        }
        return await self._picture("setorientation", params)

    async def setresolution(self, source: Source, xr: int, yr: int) -> P:
        """Set the resolution; the pixels stay.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            xr: Horizontal resolution, presumably in dots per inch, 16 to 300.
            yr: Vertical resolution, the same, 16 to 300.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/setresolution
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "xr": whole(xr, "xr", 16, 300),
            "yr": whole(yr, "yr", 16, 300),
        }
        return await self._picture("setresolution", params)

    async def encrypt(self, source: Source, pwd: str) -> P:
        """Scramble the pixels with a passphrase, for ``decrypt`` to restore.

        The vendor advises PNG for it: lossy formats lose what is needed to restore the picture.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            pwd: The passphrase.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/encrypt
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "pwd": filled(pwd, "pwd"),
        }
        return await self._picture("encrypt", params)

    async def decrypt(self, source: Source, pwd: str) -> P:
        """Restore a picture that ``encrypt`` scrambled.

        What a wrong passphrase does is not documented.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            pwd: The passphrase that it was scrambled with.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/decrypt
        """
        params: dict[str, Unlinked] = {
            "img": as_source(source),
            "pwd": filled(pwd, "pwd"),
        }
        return await self._picture("decrypt", params)
