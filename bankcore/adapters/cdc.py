"""The core's change-data capture as a feed of canonical events."""

from collections.abc import Sequence

from bankcore.events import CDC_TOPICS
from bankcore.translators import translate
from streaming.events import Event


class CdcAccountsFeed:
    """A :class:`bankcore.ports.AccountsFeed` over the raw tables of the legacy core."""

    def topics(self) -> tuple[str, ...]:
        """Return the topics of the core's tables."""
        return CDC_TOPICS

    def translate(self, *, topic: str, value: bytes | None) -> Sequence[Event]:
        """
        Return what one captured row says.

        :raises streaming.consumers.Reject: for any record that cannot be understood.
        """
        return translate(topic=topic, value=value)
