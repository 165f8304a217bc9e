"""What a computation is given beside its parameters, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field, frozen

from ._given import Given
from ._pictures import Picture, decode


@frozen
class Sources:
    """The files that a request is about, uploaded or fetched.

    Attributes:
        files: Their bytes by the parameter that named them; of a list, one for each entry.
    """

    files: Mapping[str, tuple[bytes, ...]] = field(factory=dict[str, tuple[bytes, ...]], repr=False)

    def __contains__(self, name: str) -> bool:
        return name in self.files

    def content(self, name: str) -> bytes:
        """The bytes of the file that the parameter names."""
        return self.files[name][0]

    def picture(self, name: str) -> Picture:
        """The picture that the parameter names.

        Raises:
            NoPicture: It is none.
        """
        return decode(self.content(name))

    def pictures(self, name: str) -> list[Picture]:
        """The pictures that a list's entries name.

        Raises:
            NoPicture: One of them is none.
        """
        return [decode(content) for content in self.files[name]]


@frozen
class Made:
    """A file that was computed.

    Attributes:
        content: Its bytes.
        extension: For its name.
        media_type: Its content type.
        fields: What else the reply says.
    """

    content: bytes = field(repr=False)
    extension: str
    media_type: str
    fields: Mapping[str, object] = field(factory=dict[str, object])


Work = Callable[[Sources, Given], Made]


def file_of(picture: Picture, **fields: object) -> Made:
    """The picture as a file.

    Raises:
        NoPicture: It cannot be written.
    """
    return Made(picture.encoded(), picture.extension, picture.media_type, fields)
