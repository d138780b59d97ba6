"""The contract of :class:`bankcore.ports.CustomerSignIn`."""

from abc import ABC, abstractmethod
from datetime import datetime, timedelta

from bankcore.ports import CustomerSignIn


class CustomerSignInContract(ABC):
    """Subclasses name a customer who can sign in, and a moment at which nobody is locked out."""

    customer_reference: str
    username: str
    secret: str
    moment: datetime

    @abstractmethod
    def adapter(self) -> CustomerSignIn:
        """Return the adapter under test."""

    def test_the_right_secret_signs_the_customer_in(self) -> None:
        signed_in = self.adapter().authenticate(username=self.username, secret=self.secret, now=self.moment)

        assert signed_in is not None
        assert signed_in.customer_reference == self.customer_reference
        assert signed_in.full_name
        assert signed_in.acr
        assert signed_in.auth_time <= self.moment
        assert signed_in.auth_time.utcoffset() == timedelta(0)

    def test_the_same_customer_has_the_same_reference_every_time(self) -> None:
        answers = [
            self.adapter().authenticate(username=self.username, secret=self.secret, now=self.moment) for _ in range(2)
        ]

        assert {answer and answer.customer_reference for answer in answers} == {self.customer_reference}

    def test_a_wrong_secret_signs_nobody_in(self) -> None:
        for secret in (f"{self.secret}x", self.secret[:-1], "", "\x00", "\N{SNOWMAN}" * 10_000):
            later = self.moment + timedelta(hours=len(secret) % 97 + 1)
            assert self.adapter().authenticate(username=self.username, secret=secret, now=later) is None

    def test_an_unknown_name_signs_nobody_in(self) -> None:
        for username in ("nobody.knows.me", "", "' OR 1=1 --", "\x00", "\ud800", "x" * 100_000):
            assert self.adapter().authenticate(username=username, secret=self.secret, now=self.moment) is None

    def test_guessing_locks_the_account_against_the_right_secret_too(self) -> None:
        guesses = [self.moment + timedelta(seconds=second) for second in range(20)]
        for moment in guesses:
            self.adapter().authenticate(username=self.username, secret="a wrong guess", now=moment)

        assert self.adapter().authenticate(username=self.username, secret=self.secret, now=guesses[-1]) is None
