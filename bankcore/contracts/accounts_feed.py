"""The contract of :class:`bankcore.ports.AccountsFeed`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from bankcore.ports import AccountsFeed
from streaming.consumers import Reject


class AccountsFeedContract(ABC):
    """Subclasses give real records of each raw topic."""

    @abstractmethod
    def adapter(self) -> AccountsFeed:
        """Return the adapter under test."""

    @abstractmethod
    def samples(self) -> Mapping[str, Sequence[bytes]]:
        """Return a few good records of every topic of the feed, by topic."""

    def test_every_topic_has_samples_that_can_be_read(self) -> None:
        samples = self.samples()
        assert set(samples) == set(self.adapter().topics())
        for topic, values in samples.items():
            assert values
            for value in values:
                assert self.adapter().translate(topic=topic, value=value)

    def test_the_same_record_says_the_same_every_time(self) -> None:
        for topic, values in self.samples().items():
            for value in values:
                first, second = (list(self.adapter().translate(topic=topic, value=value)) for _ in range(2))
                assert first == second

    def test_every_event_fits_its_own_schema(self) -> None:
        for topic, values in self.samples().items():
            for value in values:
                for event in self.adapter().translate(topic=topic, value=value):
                    assert event.to_payload()

    def test_a_tombstone_says_nothing(self) -> None:
        for topic in self.adapter().topics():
            assert not self.adapter().translate(topic=topic, value=None)

    def test_a_damaged_record_is_rejected_and_raises_nothing_else(self) -> None:
        for topic, values in self.samples().items():
            for value in values:
                for damaged in (value[: len(value) // 2], value + b"}", b"\xff" + value, b"null", b"[]", b"{}"):
                    try:
                        self.adapter().translate(topic=topic, value=damaged)
                    except Reject:
                        continue
                    raise AssertionError(f"a damaged record of {topic} was understood")
