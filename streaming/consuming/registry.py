"""Which function handles what, for which group; filled by the decorators in the rooms' ``consumers.py``."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar, overload

from django.conf import settings
from django.db import connection
from django.utils.module_loading import autodiscover_modules

from streaming.consuming.records import RawRecord, Received
from streaming.events import Event

E = TypeVar("E", bound=Event)
F = TypeVar("F", bound=Event)

Order: TypeAlias = Literal["source", "newest", "every"]
EventHandler: TypeAlias = Callable[[Sequence[Received[E]]], None]
RawHandler: TypeAlias = Callable[[Sequence[RawRecord]], None]

_FIRST_GENERATION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """
    One function and how it wants its batches.

    With the order ``source`` it guards its view itself, by what the source says about order. With ``newest`` it
    gets, of one aggregate, only events that are newer than all that it got before: each carries the whole state.
    With ``every`` it gets all of an aggregate's events from its first one on, without a gap: each is a change.
    ``is_parking`` says whether the later records of a key wait when one of them cannot be applied.
    """

    apply: Callable[[Sequence[Any]], None]
    order: Order = "source"
    is_parking: bool = True
    prepare: Callable[[Any], Any] | None = None
    """Makes of an event what ``apply`` finds as ``prepared``, while the database is at work on others."""


@dataclass(slots=True, kw_only=True)
class Group:
    """One group of consumers: its topics, and the handler of each event type or of each raw topic."""

    name: str
    by_type: dict[str, Handler] = field(default_factory=dict)
    by_raw_topic: dict[str, Handler] = field(default_factory=dict)
    topics: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)
    """The aggregate types of which a handler wants every event: the versions of all their events are counted."""
    newest: set[str] = field(default_factory=set)
    """The aggregate types of which a handler wants the newest event only."""
    views: tuple[str, ...] = ()
    """The tables that the group keeps and nobody else writes: they can be emptied and built anew from its events."""

    @property
    def group_id(self) -> str:
        """The name on the broker: the deployment's prefix goes before it."""
        return f"{settings.TOPIC_PREFIX}{self.name}"

    @property
    def consumer(self) -> str:
        """The name in the inbox, as of now; a view that was built anew may have a new generation. Asks the database."""
        with connection.cursor() as cursor:
            cursor.execute('SELECT generation FROM streaming_group WHERE "group" = %s', [self.name])
            found = cursor.fetchone()
        return f"{self.name}#{found[0] if found else _FIRST_GENERATION}"


class UnknownGroup(LookupError):
    """No room declares this group."""


@overload
def handles(
    event_type: type[E], *, group: str, order: Order = "source", prepare: Callable[[E], Any] | None = None
) -> Callable[[EventHandler[E]], EventHandler[E]]: ...


@overload
def handles(
    event_type: tuple[type[E], type[F]], *, group: str, order: Order = "source"
) -> Callable[[EventHandler[E | F]], EventHandler[E | F]]: ...


@overload
def handles(
    event_type: tuple[type[Event], ...], *, group: str, order: Order = "source"
) -> Callable[[EventHandler[Any]], EventHandler[Any]]: ...


def handles(
    event_type: Any, *, group: str, order: Order = "source", prepare: Callable[[Any], Any] | None = None
) -> Any:
    """
    Declare a function as the group's handler of one or several event types.

    It is called with batches inside the transaction that also keeps inbox and offset, so each event is applied
    once. Of one key it gets the events in order; it may record events. :class:`.Reject` makes the one record a
    dead letter, any other exception is tried again first. ``order`` is explained at :class:`Handler`.

    What costs time and needs no database belongs into ``prepare``: it is given each event, ahead of its turn, while
    the database is at work, and what it returns is ``received.prepared``. It is pure: where it raises, the record is
    at fault.
    """
    event_types: tuple[type[Event], ...] = event_type if isinstance(event_type, tuple) else (event_type,)

    def declare(apply: EventHandler[Any]) -> EventHandler[Any]:
        declared = _groups.setdefault(group, Group(name=group))
        for each in event_types:
            _note_order(declared, each.aggregate_type, order)
            _add(declared.by_type, each.name, Handler(apply=apply, order=order, prepare=prepare))
            declared.topics.add(each.topic)
        return apply

    return declare


def handles_raw(topics: Iterable[str], *, group: str) -> Callable[[RawHandler], RawHandler]:
    """
    Declare a function as the group's handler of topics that carry no events of ours.

    Such records have no id; they are told apart by their offsets, and by what the handler knows of their content.
    Each carries the whole state of its key, so none has to wait behind one that cannot be applied.
    """

    def declare(apply: RawHandler) -> RawHandler:
        declared = _groups.setdefault(group, Group(name=group))
        for topic in topics:
            _add(declared.by_raw_topic, topic, Handler(apply=apply, is_parking=False))
            declared.topics.add(topic)
        return apply

    return declare


def keeps(*tables: str, group: str) -> None:
    """Declare the tables that are the group's views; a row of them holds nothing but what events said."""
    _groups.setdefault(group, Group(name=group)).views = tables


def get_group(name: str) -> Group:
    """
    Return a declared group.

    :raises UnknownGroup: if no room declares it.
    """
    load()
    try:
        return _groups[name]
    except KeyError:
        raise UnknownGroup(name) from None


def list_groups() -> tuple[Group, ...]:
    """Return every declared group, sorted by name."""
    load()
    return tuple(_groups[name] for name in sorted(_groups))


def load() -> None:
    """Import every room's ``consumers``, so that their groups are known."""
    autodiscover_modules("consumers")


_groups: dict[str, Group] = {}


def _add(handlers: dict[str, Handler], name: str, handler: Handler) -> None:
    if name in handlers and handlers[name].apply.__qualname__ != handler.apply.__qualname__:
        raise ValueError(f"two handlers of one group for {name}")
    handlers[name] = handler


def _note_order(group: Group, aggregate_type: str, order: Order) -> None:
    """Keep which versions a group wants of an aggregate type; the same row counts them, so it cannot want both."""
    if order == "source":
        return
    wanted, unwanted = (group.counted, group.newest) if order == "every" else (group.newest, group.counted)
    if aggregate_type in unwanted:
        raise ValueError(f"{group.name} wants the newest and every version of {aggregate_type}")
    wanted.add(aggregate_type)
