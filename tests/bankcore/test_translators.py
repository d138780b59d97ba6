"""What the core's rows mean, and that garbage is refused and nothing else."""

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankcore.events import AccountStatus, BookingStatus, Direction, HolderRole
from bankcore.translators import TRANSLATORS, translate
from bankcore.translators.envelope import public_id
from streaming.consumers import Reject
from tests.support.builders.bankcore import a_change, a_payment_status, a_row

TABLES = ("CUSMST", "ACCMST", "ACHOLD", "ACBAL", "TRNJNL")


def read(table: str, **columns: Any) -> Any:
    (event,) = translate(topic=f"core.raw.cdc.{table.lower()}", value=a_change(table, **columns))
    return event


def test_an_account_number_gets_back_the_zeros_that_the_core_lost():
    event = read("ACCMST", ACNO=92600000042)

    assert (event.number_sort_code, event.number_account) == ("000926", "00000042")
    assert event.account_id == public_id("account", "00092600000042")


def test_padding_is_cut_and_blank_columns_are_nothing():
    event = read("ACCMST", ACNAME="Ada Vellacott     ", ACNICK="   ", ACPAN=None)

    assert (event.holder_name, event.nickname, event.pan) == ("Ada Vellacott", None, None)


@pytest.mark.parametrize(
    ("packed", "expected"), [(1_190_401, date(2019, 4, 1)), (990_101, date(1999, 1, 1)), (1_240_229, date(2024, 2, 29))]
)
def test_a_packed_date_has_the_century_in_front(packed, expected):
    assert read("ACCMST", ACOPN=packed).opened_date == expected


def test_a_closing_date_of_zero_is_none():
    assert read("ACCMST", ACCLS=0).closed_date is None
    assert read("ACCMST", ACCLS=1_260_930, ACSTS="C").closed_date == date(2026, 9, 30)


def test_a_blocked_account_is_still_open():
    assert read("ACCMST", ACSTS="B").status == AccountStatus.OPEN


def test_a_deleted_account_is_closed_on_the_day_it_went():
    event = read("ACCMST", op="d")

    assert event.status == AccountStatus.CLOSED
    assert event.closed_date == event.occurred_at.date()


def test_a_deleted_holding_has_ended():
    assert read("ACHOLD", op="d").is_ended
    assert not read("ACHOLD", AHROL="J").is_ended
    assert read("ACHOLD", AHROL="J").role == HolderRole.JOINT


def test_a_deleted_customer_says_nothing():
    assert translate(topic="core.raw.cdc.cusmst", value=a_change("CUSMST", op="d")) == ()


@pytest.mark.parametrize("table", ["ACBAL", "TRNJNL"])
def test_a_deleted_balance_or_movement_is_rejected(table):
    with pytest.raises(Reject):
        read(table, op="d")


def test_money_that_leaves_is_a_debit_of_a_positive_amount():
    event = read("TRNJNL", TJAMT=-1250)
    assert (event.direction, event.amount_minor) == (Direction.DEBIT, 1250)

    event = read("TRNJNL", TJAMT=1250)
    assert (event.direction, event.amount_minor) == (Direction.CREDIT, 1250)


def test_a_movement_is_told_in_full():
    event = read("TRNJNL", TJSTS="P", TJCPN="Beacon ", TJCPS=1204, TJCPA=31415, TJRFT="INV 1")

    assert event.status == BookingStatus.PENDING
    assert event.booked_at == datetime(2026, 11, 23, 9, 5, 1, tzinfo=UTC)
    assert event.description == "QP *THIRD BEAN  TOLMERE"
    assert (event.domain_code, event.family_code, event.sub_family_code) == ("PMNT", "CCRD", "POSD")
    assert (event.merchant_name, event.merchant_category_code) == ("Third Bean", "5814")
    assert (event.counterparty_name, event.counterparty_sort_code, event.counterparty_account) == (
        "Beacon", "001204", "00031415",
    )  # fmt: skip


def test_a_movement_keeps_its_id_when_it_is_booked():
    pending, booked = read("TRNJNL", TJSTS="P", lsn=5), read("TRNJNL", TJSTS="B", op="u", lsn=6)

    assert pending.transaction_id == booked.transaction_id
    assert pending.source_version < booked.source_version


@pytest.mark.parametrize("op", ["c", "u", "r"])
def test_only_rows_of_a_snapshot_are_history(op):
    assert read("ACBAL", op=op).is_snapshot == (op == "r")


def test_columns_that_nobody_knows_are_passed_over():
    assert read("ACBAL", ABNEW="what is this") == read("ACBAL")


@pytest.mark.parametrize("table", TABLES)
def test_a_missing_column_or_a_wrong_type_is_rejected(table):
    optional = {"CUSTEL", "CUSEML", "CUSDOB", "ACNICK", "ACPAN", "ACIBAN", "TJMRC", "TJMCC", "TJCPN", "TJCPS", "TJCPA",
                "TJRFT", "TJBAL", "TJPID"}  # fmt: skip
    for column in a_row(table):
        if column != "CUSDOB":
            with pytest.raises(Reject):
                read(table, **{column: ["a list"]})
        if column not in optional:
            with pytest.raises(Reject):
                read(table, **{column: None})


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("ACBAL", {"ABBKD": "1250"}),
        ("ACBAL", {"ABBKD": 12.5}),
        ("ACBAL", {"ABBKD": True}),
        ("ACBAL", {"ABBKD": 2**63}),
        ("ACBAL", {"ABCCY": "gbp"}),
        ("ACBAL", {"ABDAT": 1_261_131}),
        ("ACBAL", {"ABDAT": 2_261_123}),
        ("ACBAL", {"ABDAT": -1}),
        ("ACBAL", {"ABTIM": 246_000}),
        ("ACCMST", {"ACNO": 10**14}),
        ("ACCMST", {"ACNO": -1}),
        ("ACCMST", {"ACTYP": "??"}),
        ("ACCMST", {"ACNAME": "  "}),
        ("ACCMST", {"ACNAME": "a\x00b"}),
        ("TRNJNL", {"TJAMT": -(2**63)}),
        ("TRNJNL", {"TJCODE": "NEW"}),
        ("TRNJNL", {"TJPID": "no uuid"}),
        ("TRNJNL", {"TJMCC": 10_000}),
        ("TRNJNL", {"TJREF": -1}),
    ],
)
def test_a_value_out_of_range_is_rejected(table, columns):
    with pytest.raises(Reject):
        read(table, **columns)


@pytest.mark.parametrize("damage", [{"op": "t"}, {"op": None}, {"after": None}, {"source": {}}, {"source": None}])
def test_an_envelope_that_is_not_debeziums_is_rejected(damage):
    for table in TABLES:
        envelope = {**orjson.loads(a_change(table)), **damage}
        with pytest.raises(Reject):
            translate(topic=f"core.raw.cdc.{table.lower()}", value=orjson.dumps(envelope))


def test_a_topic_that_nobody_translates_is_rejected():
    with pytest.raises(Reject):
        translate(topic="core.raw.cdc.unknown", value=a_change("ACBAL"))


def test_a_payment_status_names_payment_status_and_reason():
    value = a_payment_status(status="RJCT", reason="AM04", text="short", lsn=9)
    event: Any = translate(topic="core.raw.payment-status.v1", value=value)[0]

    assert (event.status, event.reason_code, event.reason_text, event.source_version) == ("RJCT", "AM04", "short", 9)


@pytest.mark.parametrize(
    "damage", [{"status": "accepted"}, {"payment": "7"}, {"lsn": -1}, {"ts_ms": 10**18}, {"reason": "am04"}]
)
def test_a_payment_status_out_of_form_is_rejected(damage):
    with pytest.raises(Reject):
        translate(topic="core.raw.payment-status.v1", value=a_payment_status(**damage))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _try(topic: str, value: bytes) -> None:
    try:
        events = translate(topic=topic, value=value)
    except Reject:
        return
    for event in events:
        event.to_payload()  # what is understood can also be recorded.


@given(topic=st.sampled_from(sorted(TRANSLATORS)), value=st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_a_rejection(topic, value):
    _try(topic, value)


@given(data=st.data(), table=st.sampled_from(TABLES))
def test_a_row_with_any_value_in_any_column_raises_nothing_but_a_rejection(data, table):
    import json

    row = a_row(table)
    columns = data.draw(st.dictionaries(st.sampled_from(sorted(row)), JSON, min_size=1, max_size=3))
    envelope = {**orjson.loads(a_change(table)), "after": {**row, **columns}}
    _try(f"core.raw.cdc.{table.lower()}", json.dumps(envelope).encode())


@given(fields=st.dictionaries(st.sampled_from(["lsn", "ts_ms", "payment", "status", "reason", "text"]), JSON))
def test_a_payment_status_with_any_value_raises_nothing_but_a_rejection(fields):
    import json

    _try("core.raw.payment-status.v1", json.dumps({**orjson.loads(a_payment_status()), **fields}).encode())
