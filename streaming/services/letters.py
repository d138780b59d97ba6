"""To end the wait of dead letters: apply them after all, in the order of their key, or give them up."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from django.db import connection, transaction
from django.db.models import QuerySet

from edge.transient import is_transient
from kernel import context
from streaming import outbox
from streaming.consuming import parking
from streaming.consuming.applying import apply_record, in_turn, skip_record
from streaming.consuming.letters import reason_of, record_in
from streaming.consuming.registry import Group
from streaming.errors import (
    GroupNotFound,
    LetterNotFound,
    LetterSettled,
    LetterStillFails,
    LetterWaits,
    NothingToRedrive,
)
from streaming.events import LetterDiscarded, LetterRedriven
from streaming.models import DeadLetter, ParkedKey
from streaming.selectors import OPEN_STATES, get_declared_group
from streaming.services.reasons import stated

Settled: TypeAlias = type[LetterRedriven] | type[LetterDiscarded]


@transaction.atomic
def redrive_letters(*, group: str, topic: str, key: str, reason: str, now: datetime) -> int:
    """
    Apply all letters of a parked key in their order, free the key, and return how many there were.

    The key's newer records wait until this is committed. All of it happens, or nothing.

    :raises ReasonMissing: if no reason is given.
    :raises GroupNotFound: if no room declares the group.
    :raises NothingToRedrive: if the key is not parked.
    :raises LetterStillFails: if one of them cannot be applied; it says which, and why.
    """
    why = stated(reason)
    declared = get_declared_group(group)
    parked = _lock_key(group, topic, key)
    if parked is None:
        raise NothingToRedrive(group=group, topic=topic, key=key)
    waiting = _lock_open(parked)
    _apply_all(declared, waiting)
    _settle(waiting, LetterRedriven, why, now)
    parked.delete()
    return len(waiting)


@transaction.atomic
def redrive_letter(*, letter_id: int, reason: str, now: datetime) -> int:
    """
    Apply one letter, or all letters of its key if that is parked; return how many were applied.

    :raises ReasonMissing: if no reason is given.
    :raises LetterNotFound: if there is no such letter.
    :raises LetterSettled: if it was applied or given up already.
    :raises GroupNotFound: if no room declares its group any more.
    :raises LetterStillFails: if one of them cannot be applied; it says which, and why.
    """
    why = stated(reason)
    letter, parked = _lock_letter(letter_id)
    if parked is not None:
        return redrive_letters(group=parked.group, topic=parked.topic, key=parked.key, reason=why, now=now)
    _apply_all(get_declared_group(letter.group), [letter])
    _settle([letter], LetterRedriven, why, now)
    return 1


@transaction.atomic
def discard_letter(*, letter_id: int, reason: str, now: datetime) -> int:
    """
    Give one letter up, and return how many letters behind it were applied.

    Of a parked key only the first one can be given up by itself. The others are applied then, in their order, and
    the key is freed; a version that they waited for is given up too. If one of them fails, it is the first one now:
    it and those behind it wait on.

    :raises ReasonMissing: if no reason is given.
    :raises LetterNotFound: if there is no such letter.
    :raises LetterSettled: if it was applied or given up already.
    :raises LetterWaits: if another one of its key comes first.
    :raises GroupNotFound: if no room declares its group any more, and others wait behind it.
    :raises LetterStillFails: if the database could not do it just now.
    """
    why = stated(reason)
    letter, parked = _lock_letter(letter_id)
    if parked is None:
        _settle([letter], LetterDiscarded, why, now)
        return 0
    first, *behind = _lock_open(parked)
    if first != letter:
        raise LetterWaits(letter_id=letter_id)
    _settle([letter], LetterDiscarded, why, now)
    _skip([letter])
    applied = _apply_while_possible(parked, behind) if behind else []
    _settle(applied, LetterRedriven, why, now)
    if len(applied) == len(behind):
        parked.delete()
    return len(applied)


@transaction.atomic
def discard_letters(*, group: str, topic: str, key: str, reason: str, now: datetime) -> int:
    """
    Give all letters of a parked key up, free the key, and return how many there were.

    :raises ReasonMissing: if no reason is given.
    :raises NothingToRedrive: if the key is not parked.
    """
    why = stated(reason)
    parked = _lock_key(group, topic, key)
    if parked is None:
        raise NothingToRedrive(group=group, topic=topic, key=key)
    waiting = _lock_open(parked)
    _skip(waiting)
    _settle(waiting, LetterDiscarded, why, now)
    parked.delete()
    return len(waiting)


def _lock_key(group: str, topic: str, key: str) -> ParkedKey | None:
    """Lock a parked key: consumers that have a record of it wait, or are waited for."""
    return ParkedKey.objects.select_for_update().filter(group=group, topic=topic, key=key).first()


def _lock_letter(letter_id: int) -> tuple[DeadLetter, ParkedKey | None]:
    """Lock a letter that still waits, after its key if that is parked."""
    found = DeadLetter.objects.filter(pk=letter_id).first()
    if found is None:
        raise LetterNotFound(letter_id=letter_id)
    parked = None if found.key is None else _lock_key(found.group, found.topic, found.key)
    letter = DeadLetter.objects.select_for_update().get(pk=letter_id)
    if letter.state not in OPEN_STATES:
        raise LetterSettled(letter_id=letter_id)
    return letter, parked


def _lock_open(parked: ParkedKey) -> Sequence[DeadLetter]:
    """Return a locked key's letters that still wait, in the order in which they can be applied."""
    waiting: QuerySet[DeadLetter] = DeadLetter.objects.select_for_update().filter(
        group=parked.group, topic=parked.topic, key=parked.key, state__in=OPEN_STATES
    )
    letters = list(waiting.order_by("id"))
    try:
        group = get_declared_group(parked.group)
    except GroupNotFound:  # they can only be given up, in any order.
        return letters
    return [letters[place] for place in in_turn(group, [record_in(letter) for letter in letters])]


def _apply_all(group: Group, letters: Sequence[DeadLetter]) -> None:
    for letter in letters:
        if (error := _apply(group, letter)) is not None:
            raise LetterStillFails(
                f"Letter {letter.pk} ({letter}) still cannot be applied, so nothing was done: {reason_of(error)}"
            ) from error


def _apply_while_possible(parked: ParkedKey, letters: Sequence[DeadLetter]) -> Sequence[DeadLetter]:
    """Apply letters until one of them fails: that is the one that those behind it wait for from now on."""
    group = get_declared_group(parked.group)
    for n, letter in enumerate(letters):
        if (error := _apply(group, letter)) is not None:
            parking.condemn(letter.pk, error=reason_of(error), attempts=letter.attempts + 1)
            parking.blame(parked.group, (parked.topic, parked.key))
            return letters[:n]
    return letters


def _apply(group: Group, letter: DeadLetter) -> Exception | None:
    """Apply a letter; return what went wrong, with its effects undone."""
    try:
        with transaction.atomic():
            apply_record(group, record_in(letter))
            connection.check_constraints()  # those that are deferred would else fail when nobody can say why.
    except Exception as error:  # whatever a handler raises, the one who asked is told.
        if is_transient(error):
            raise LetterStillFails("The database could not do it just now, so nothing was done.") from error
        return error
    return None


def _skip(letters: Sequence[DeadLetter]) -> None:
    """Let what comes after these letters be applied without them; where their group is no more, nothing comes."""
    for letter in letters:
        try:
            skip_record(get_declared_group(letter.group), record_in(letter))
        except GroupNotFound:
            return


def _settle(letters: Sequence[DeadLetter], event_type: Settled, reason: str, now: datetime) -> None:
    """Mark locked letters as done with, and record each."""
    if not letters:
        return
    is_redriven = event_type is LetterRedriven
    state = DeadLetter.State.REDRIVEN if is_redriven else DeadLetter.State.DISCARDED
    DeadLetter.objects.filter(pk__in=[letter.pk for letter in letters]).update(
        state=state, resolved_by=context.current().actor, resolved_at=now, reason=reason
    )
    outbox.record_many(
        [
            event_type(
                occurred_at=now,
                letter=str(letter),
                group=letter.group,
                letter_event_id=letter.event_id,
                reason=reason,
            )
            for letter in letters
        ]
    )
