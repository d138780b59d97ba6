"""The page that says what the suite promises."""

import pytest

from tests.faults.promises import PAGE, page


@pytest.mark.faults
def test_the_page_names_every_test_of_the_suite():
    assert PAGE.read_text() == page(), "write it anew: python -m tests.faults.promises"
