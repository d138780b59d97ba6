"""Domestic payments: what the bank takes, and whether an order is the one that the customer approved."""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from consents.services import PaymentTermsInput
from kernel.money import InvalidAmount, Money, UnknownCurrency
from standards.uk.codes import ErrorCode
from standards.uk.dates import read_instant
from standards.uk.errors import Fault, Refused

CURRENCIES = frozenset({"GBP"})
LOCAL_INSTRUMENTS = frozenset({"UK.OBIE.FPS"})
"""Domestic payments go out by Faster Payments, whether or not the third party says so."""

_INITIATION = "Data.Initiation"
_SORT_CODE_ACCOUNT_NUMBER = re.compile(r"[0-9]{14}", re.ASCII)
_UK_IBAN = re.compile(r"GB[0-9]{2}[A-Z]{4}[0-9]{14}", re.ASCII)


def read_payment_terms(body: dict[str, Any], *, now: datetime) -> PaymentTermsInput:
    """
    Read a payment consent's body that fits its schema.

    :raises Refused: if the bank does not make such payments; with all its reasons.
    """
    initiation = body["Data"]["Initiation"]
    faults = [*_faults_of_accounts(initiation), *_faults_of_instrument(initiation), *_faults_of_texts(initiation)]
    faults += _faults_of_authorisation(body["Data"].get("Authorisation", {}), now)
    amount = _read_amount(initiation["InstructedAmount"], faults)
    if faults or amount is None:
        raise Refused(*faults)
    creditor, debtor = initiation["CreditorAccount"], initiation.get("DebtorAccount", {})
    return PaymentTermsInput(
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        creditor_name=creditor["Name"],
        creditor_scheme=creditor["SchemeName"],
        creditor_identification=creditor["Identification"],
        debtor_scheme=debtor.get("SchemeName", ""),
        debtor_identification=debtor.get("Identification", ""),
        reference=_reference(initiation.get("RemittanceInformation", {})),
        end_to_end_identification=initiation["EndToEndIdentification"],
        instruction_identification=initiation["InstructionIdentification"],
    )


def ensure_as_consented(order: dict[str, Any], lodged: dict[str, Any]) -> None:
    """
    Refuse an order whose Initiation or Risk is not the consent's, field by field; amounts compare as numbers.

    :raises Refused: with the path of the first difference.
    """
    pairs = (
        (_INITIATION, order["Data"]["Initiation"], lodged["Data"]["Initiation"]),
        ("Risk", order["Risk"], lodged["Risk"]),
    )
    for path, given, approved in pairs:
        if (difference := next(_differences(given, approved, path), None)) is not None:
            raise Refused(Fault(ErrorCode.CONSENT_MISMATCH, "This is not what was consented to.", difference))


def _differences(given: Any, approved: Any, path: str) -> Iterator[str]:
    if isinstance(given, dict) and isinstance(approved, dict):
        for name in [*approved, *(name for name in given if name not in approved)]:
            inner = f"{path}.{name}"
            if name not in given or name not in approved:
                yield inner
            elif name == "Amount" and isinstance(given[name], str) and isinstance(approved[name], str):
                yield from () if _is_same_amount(given[name], approved[name]) else (inner,)
            else:
                yield from _differences(given[name], approved[name], inner)
    elif isinstance(given, list) and isinstance(approved, list) and len(given) == len(approved):
        for index, (item, other) in enumerate(zip(given, approved, strict=True)):
            yield from _differences(item, other, f"{path}[{index}]")
    elif given != approved or isinstance(given, bool) != isinstance(approved, bool):
        yield path


def _is_same_amount(given: str, approved: str) -> bool:
    """Say whether two texts are one number; what the schema did not see to be a number compares as text."""
    if _DECIMAL.fullmatch(given) and _DECIMAL.fullmatch(approved):
        return Decimal(given) == Decimal(approved)
    return given == approved


_DECIMAL = re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,5})?", re.ASCII)


def _read_amount(given: dict[str, str], faults: list[Fault]) -> Money | None:
    path = f"{_INITIATION}.InstructedAmount"
    if given["Currency"] not in CURRENCIES:
        faults.append(Fault(ErrorCode.UNSUPPORTED_CURRENCY, "The currency is not supported here.", f"{path}.Currency"))
        return None
    try:
        amount = Money.parse(given["Amount"], given["Currency"])
    except (InvalidAmount, UnknownCurrency) as error:
        faults.append(Fault(ErrorCode.FIELD_INVALID, error.message, f"{path}.Amount"))
        return None
    if amount.amount_minor == 0:
        faults.append(Fault(ErrorCode.FIELD_INVALID, "The amount must be more than nothing.", f"{path}.Amount"))
        return None
    return amount


def _faults_of_accounts(initiation: dict[str, Any]) -> Iterator[Fault]:
    for name in ("DebtorAccount", "CreditorAccount"):
        if name not in initiation:
            continue
        account, path = initiation[name], f"{_INITIATION}.{name}"
        if account["SchemeName"] not in _SCHEMES:
            sentence = "The bank pays to and from " + " and ".join(_SCHEMES) + "."
            yield Fault(ErrorCode.UNSUPPORTED_SCHEME, sentence, f"{path}.SchemeName")
        elif not _SCHEMES[account["SchemeName"]](account["Identification"]):
            sentence = "The identification is not one of its scheme."
            yield Fault(ErrorCode.UNSUPPORTED_ACCOUNT_IDENTIFIER, sentence, f"{path}.Identification")


def _faults_of_instrument(initiation: dict[str, Any]) -> Iterator[Fault]:
    if initiation.get("LocalInstrument", "UK.OBIE.FPS") not in LOCAL_INSTRUMENTS:
        sentence = "The bank pays by " + ", ".join(sorted(LOCAL_INSTRUMENTS)) + "."
        yield Fault(ErrorCode.UNSUPPORTED_LOCAL_INSTRUMENT, sentence, f"{_INITIATION}.LocalInstrument")


def _faults_of_texts(initiation: dict[str, Any]) -> Iterator[Fault]:
    """Refuse what would not look on the customer's screen as it is: control characters, marks of direction."""
    shown = {
        "CreditorAccount.Name": initiation["CreditorAccount"]["Name"],
        "RemittanceInformation": _reference(initiation.get("RemittanceInformation", {})),
    }
    for name, text in shown.items():
        if not text.isprintable():
            sentence = "The text holds a character that cannot be shown."
            yield Fault(ErrorCode.FIELD_INVALID, sentence, f"{_INITIATION}.{name}")


def _faults_of_authorisation(authorisation: dict[str, Any], now: datetime) -> Iterator[Fault]:
    path = "Data.Authorisation"
    if authorisation.get("AuthorisationType") == "Multiple":
        sentence = "The bank asks one person only to authorise a payment."
        yield Fault(ErrorCode.FIELD_INVALID, sentence, f"{path}.AuthorisationType")
    if "CompletionDateTime" in authorisation:
        try:
            is_over = read_instant(authorisation["CompletionDateTime"]) <= now
        except ValueError:
            is_over = True
        if is_over:
            sentence = "The date lies in the past, or is none."
            yield Fault(ErrorCode.FIELD_INVALID_DATE, sentence, f"{path}.CompletionDateTime")


def _reference(remittance: dict[str, Any]) -> str:
    """Return what the payee will read: the first unstructured line, else the structured reference."""
    if remittance.get("Unstructured"):
        return str(remittance["Unstructured"][0])
    structured = (remittance.get("Structured") or [{}])[0]
    return str(structured.get("CreditorReferenceInformation", {}).get("Reference", ""))


def _is_uk_iban(identification: str) -> bool:
    """Check form and check digits (ISO 13616: 97-10)."""
    if not _UK_IBAN.fullmatch(identification):
        return False
    moved = identification[4:] + identification[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


_SCHEMES = {
    "UK.OBIE.SortCodeAccountNumber": lambda identification: bool(_SORT_CODE_ACCOUNT_NUMBER.fullmatch(identification)),
    "UK.OBIE.IBAN": _is_uk_iban,
}
"""Which account identifications the bank can pay to and from, and how each is checked."""
