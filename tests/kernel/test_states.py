"""A life cycle allows its moves and no others."""

import pytest

from kernel.states import IllegalTransition, Lifecycle

LIFECYCLE = Lifecycle({"asked": {"given", "refused"}, "given": {"ended"}, "refused": (), "ended": ()})


def test_every_move_of_the_table_is_allowed_and_every_other_is_refused():
    allowed = set(LIFECYCLE)
    for source in LIFECYCLE.states:
        for target in LIFECYCLE.states:
            if (source, target) in allowed:
                LIFECYCLE.ensure(source, target)
            else:
                with pytest.raises(IllegalTransition):
                    LIFECYCLE.ensure(source, target)


def test_a_state_that_leads_nowhere_is_final():
    assert LIFECYCLE.final == ("ended", "refused")


def test_a_table_that_names_a_state_without_a_row_is_a_bug():
    with pytest.raises(AssertionError):
        Lifecycle({"asked": {"given"}})
