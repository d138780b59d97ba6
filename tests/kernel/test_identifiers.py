"""Identifiers: ours are new and sorted by time, the core's are always the same."""

from kernel.identifiers import entity_id, new_id


def test_new_ids_are_sorted_by_the_time_at_which_they_were_made():
    ids = [new_id() for _ in range(1000)]

    assert ids == sorted(ids)
    assert len(set(ids)) == 1000
    assert {made.version for made in ids} == {7}


def test_the_same_thing_of_the_core_has_the_same_id_for_ever():
    assert str(entity_id("tailrace-bank", "account", "0001")) == "ffc119b9-7ccc-5929-a5e7-5f1d77613b61"


def test_another_institution_kind_or_key_gives_another_id():
    ids = {entity_id(bank, kind, key) for bank in ("a", "b") for kind in ("account", "party") for key in ("1", "2")}

    assert len(ids) == 8
