"""What a probe stored, and what became of it. Pure."""

from __future__ import annotations

from urllib.parse import quote

from attrs import define, field

from .._results import JSON, Media, last_part
from .._wording import masked
from ._wire import Seen

# Pictures that may be stored at one time and another, all in all.
MOST = 3
# From this HTTP status on, nobody knows what was done.
_TROUBLE = 500
# Below this a text is no secret, and would be found everywhere.
_SHORTEST = 8


@define(eq=False)
class Shelf:
    """The pictures that replies told of.

    Attributes:
        pictures: All of them, in order, by their links.
        gone: The links of those whose deletion was confirmed.
        lost: Sentences on replies that were lost, and what may be stored by that.
        private: Texts that are masked where they are shown.
    """

    pictures: dict[str, Media] = field(factory=dict[str, Media])
    gone: set[str] = field(factory=set[str])
    lost: list[str] = field(factory=list[str])
    private: dict[str, str] = field(factory=dict[str, str])

    def take(self, seen: Seen) -> None:
        """Note the picture that the reply tells of, and what is private in it."""
        link, given = seen.text("link"), seen.text("id")
        for text in (seen.text("ssl_link"), link, given):
            self.hide(text)
        if seen.ask.endpoint == "delete":
            return  # its id is that of what went

        secure = seen.text("ssl_link")
        place = link or secure or (given if seen.ask.stores else "")
        if place:
            more: dict[str, JSON] = {"ssl_link": secure} if secure else {}
            self.pictures.setdefault(place, Media(place, given or last_part(place), more))
        elif seen.ask.stores and (seen.worked or seen.http >= _TROUBLE):
            self.lost.append(
                f"{seen.ask.endpoint}: HTTP {seen.http} without a link; a picture may be stored"
            )

    def hide(self, text: str) -> None:
        """Mask this text from now on, in its spellings, and its last part."""
        for each in (text, last_part(text)):
            if len(each) >= _SHORTEST:
                self.private[each] = masked(each)
                self.private[quote(each, safe="")] = masked(each)

    def masked(self, text: str) -> str:
        """The text without what is private in it."""
        for each in sorted(self.private, key=len, reverse=True):
            text = text.replace(each, self.private[each])
        return text

    @property
    def left(self) -> list[Media]:
        """Those whose deletion was not confirmed."""
        return [each for link, each in self.pictures.items() if link not in self.gone]
