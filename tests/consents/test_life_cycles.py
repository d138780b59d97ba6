"""Every state, every move: by the table, by the services, and by the database."""

from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from consents.models import Consent
from consents.services.locking import move
from consents.states import LIFECYCLES, ConsentKind, ConsentStatus
from kernel.states import IllegalTransition
from tests.support.builders import consents as build

S = ConsentStatus

MOVES = {
    ConsentKind.ACCOUNT_ACCESS: {
        (S.AWAITING_AUTHORISATION, S.AUTHORISED),
        (S.AWAITING_AUTHORISATION, S.REJECTED),
        (S.AWAITING_AUTHORISATION, S.ENDED),
        (S.AWAITING_AUTHORISATION, S.EXPIRED),
        (S.AUTHORISED, S.ENDED),
        (S.AUTHORISED, S.EXPIRED),
    },
    ConsentKind.SINGLE_PAYMENT: {
        (S.AWAITING_AUTHORISATION, S.AUTHORISED),
        (S.AWAITING_AUTHORISATION, S.REJECTED),
        (S.AWAITING_AUTHORISATION, S.EXPIRED),
        (S.AUTHORISED, S.USED),
        (S.AUTHORISED, S.EXPIRED),
    },
}

EVERY_MOVE = [
    (kind, source, target)
    for kind, lifecycle in LIFECYCLES.items()
    for source in lifecycle.states
    for target in ConsentStatus
    if target in lifecycle.states
]


@pytest.mark.parametrize(("kind", "source", "target"), EVERY_MOVE)
def test_a_consent_moves_as_its_table_says_and_in_no_other_way(
    kind: ConsentKind, source: ConsentStatus, target: ConsentStatus, now: datetime
) -> None:
    consent = Consent(kind=kind, status=source)
    if (source, target) in MOVES[kind]:
        move(consent, target, now=now)
        assert consent.status == target
        assert (consent.ended_at == now) == (target in LIFECYCLES[kind].final)
    else:
        with pytest.raises(IllegalTransition):
            move(consent, target, now=now)
        assert consent.status == source


@pytest.mark.django_db
class TestTheDatabaseHoldsItToo:
    def test_an_end_without_its_time_is_refused(self, client_of_a_third_party: Any, now: datetime) -> None:
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        with pytest.raises(IntegrityError, match="consent_ended_iff_final"), transaction.atomic():
            Consent.objects.filter(id=consent.id).update(status=S.REJECTED)

    def test_a_status_of_the_other_kind_is_refused(self, client_of_a_third_party: Any, now: datetime) -> None:
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        with pytest.raises(IntegrityError), transaction.atomic():
            Consent.objects.filter(id=consent.id).update(status=S.USED, ended_at=now)

    def test_a_yes_without_a_customer_is_refused(self, client_of_a_third_party: Any, now: datetime) -> None:
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        with pytest.raises(IntegrityError, match="consent_granted_has_customer"), transaction.atomic():
            Consent.objects.filter(id=consent.id).update(status=S.AUTHORISED, authorised_at=now)

    @pytest.mark.parametrize(
        "change",
        [
            {"lodged": {}},
            {"permissions": ["ReadPAN"]},
            {"expires_at": None},
            {"client_id": "another"},
            {"kind": "single_payment"},
        ],
    )
    def test_what_was_lodged_never_changes(
        self, change: dict[str, Any], client_of_a_third_party: Any, now: datetime
    ) -> None:
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        with pytest.raises(DatabaseError), transaction.atomic():
            Consent.objects.filter(id=consent.id).update(**change)

    def test_the_terms_of_a_payment_never_change(self, client_of_a_third_party: Any, now: datetime) -> None:
        consent = build.a_lodged_payment(client=client_of_a_third_party, now=now)
        with pytest.raises(DatabaseError), transaction.atomic():
            type(consent.terms).objects.filter(consent=consent).update(amount_minor=1)

    def test_a_consent_is_never_deleted(self, client_of_a_third_party: Any, now: datetime) -> None:
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        with pytest.raises(DatabaseError), transaction.atomic():
            Consent.objects.filter(id=consent.id).delete()

    def test_a_consent_that_is_over_stays_so(self, client_of_a_third_party: Any, now: datetime) -> None:
        consent = build.a_lodged_account_access(client=client_of_a_third_party, now=now)
        Consent.objects.filter(id=consent.id).update(status=S.REJECTED, ended_at=now)
        with pytest.raises(DatabaseError), transaction.atomic():
            Consent.objects.filter(id=consent.id).update(status=S.AWAITING_AUTHORISATION, ended_at=None)
