"""A household's planned payments: income by pay-day rules, bills, savings, the credit card's statement."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from bankcore.simulator.agents.households import Employment, Household
from bankcore.simulator.agents.purchases import buy_subscription
from bankcore.simulator.calendars import bank_day_from, bank_day_until, last_of_month
from bankcore.simulator.ledger import Internal, Ledger, Leg, Memo
from bankcore.simulator.tables import table

Deed = Callable[[Household, Ledger, datetime], None]

_SAVINGS_RATE_BASIS_POINTS = 310
_OVERDRAFT_RATE_BASIS_POINTS = 3490


def make_planned_payments(house: Household, ledger: Ledger, day: date, *, latest: datetime | None = None) -> None:
    """Make the payments that are planned for a day, in the small hours, none of them after ``latest``."""
    moment = datetime.combine(day, time(0, 4), UTC)
    for place, deed in enumerate(_plan_of(house, day).get(day.day, ())):
        at = moment + timedelta(minutes=11 * place, seconds=house.index * 37 % 600)
        deed(house, ledger, min(at, latest) if latest else at)


def _plan_of(house: Household, day: date) -> Mapping[int, list[Deed]]:
    month = f"{day:%Y-%m}"
    if month not in house.plans:
        house.plans.clear()
        house.plans[month] = _plan_month(house, day.replace(day=1))
    plan: Mapping[int, list[Deed]] = house.plans[month]
    return plan


def _plan_month(house: Household, first: date) -> Mapping[int, list[Deed]]:
    """Bills fall on days up to the 24th: moved to the next bank day they stay within their month."""
    plan: defaultdict[int, list[Deed]] = defaultdict(list)
    _INCOMES[house.persona["income"]["kind"]](house, first, plan)
    plan[first.day].append(_come_to_the_rescue)
    for bill in house.bills:
        pence = bill.pence + bill.pence * 4 * (first.year - 2024) // 100 if bill.code == "DD" else bill.pence
        memo = Memo(bill.code, f"{bill.party} {bill.reference}".upper(), party=bill.party, reference=bill.reference)
        plan[bank_day_from(first.replace(day=bill.day)).day].append(_paying(memo, pence))
    for merchant, pence, on_day in house.subscriptions:
        plan[on_day].append(buy_subscription(merchant, pence))
    plan[bank_day_from(first.replace(day=20)).day].append(_repay_card)
    plan[bank_day_from(first.replace(day=22)).day].append(_save)
    plan[last_of_month(first).day].append(_close_month)
    return plan


def _pay_salaries(house: Household, first: date, plan: defaultdict[int, list[Deed]]) -> None:
    for job in house.jobs:
        day = _PAY_DAYS[job.rule](first)
        memo = Memo("SAL", f"{job.party.upper()} SALARY", party=job.party, reference="SALARY")
        plan[day.day].append(_receiving(memo, _with_rises(job, first)))


def _pay_student(house: Household, first: date, plan: defaultdict[int, list[Deed]]) -> None:
    income, rng = house.persona["income"], house.draw(f"month:{first}")
    if first.month in {1, 4, 10}:
        memo = Memo("BGC", "STUDENT FINANCE OFFICE TERM PAYMENT", party="Student Finance Office", reference="TERM LOAN")
        plan[bank_day_from(first.replace(day=8)).day].append(_receiving(memo, house.jobs[0].pence))
    parent = f"{house.people[0].surname} Family"
    support = Memo(
        "FPI", f"{parent.upper()} HELP", party=parent, reference="RENT HELP", sort_code=1204, account=31415926
    )
    plan[3].append(_receiving(support, house.draw("support").randint(*income["support"]) // 100 * 100))
    wages = Memo("SAL", f"{house.jobs[0].party.upper()} WAGES", party=house.jobs[0].party, reference="WAGES")
    for day in range(1, last_of_month(first).day + 1):
        if first.replace(day=day).weekday() == 4 and rng.random() < 0.8:
            plan[day].append(_receiving(wages, rng.randint(*income["wages"])))


def _pay_invoices(house: Household, first: date, plan: defaultdict[int, list[Deed]]) -> None:
    income, rng = house.persona["income"], house.draw(f"month:{first}")
    for _ in range(rng.randint(*income["count"])):
        client, number = rng.choice(table("counterparties")["clients"]), rng.randint(1000, 9999)
        day = bank_day_from(first.replace(day=rng.randint(2, 24)))
        memo = Memo("FPI", f"{client.upper()} INV {number}", party=client, reference=f"INV {number}",
                    sort_code=rng.randint(1000, 1999), account=rng.randrange(10**7, 10**8))  # fmt: skip
        plan[day.day].append(_receiving(memo, rng.randint(*income["pence"])))


def _pay_pensions(house: Household, first: date, plan: defaultdict[int, list[Deed]]) -> None:
    _pay_salaries(house, first, plan)
    state = house.draw("state pension").randint(*house.persona["income"]["state"])
    memo = Memo("BGC", "STATE PENSION OFFICE", party="State Pension Office", reference=f"SP{house.index:06d}")
    for day in range(1, last_of_month(first).day + 1):
        ordinal = first.replace(day=day).toordinal()
        if ordinal % 28 == 1 + house.index % 4:  # every fourth week, on a weekday of one's own.
            plan[day].append(_receiving(memo, state))


_INCOMES = {"salary": _pay_salaries, "student": _pay_student, "invoices": _pay_invoices, "pension": _pay_pensions}

_PAY_DAYS: Mapping[str, Callable[[date], date]] = {
    "last_working_day": lambda first: bank_day_until(last_of_month(first)),
    "day_25": lambda first: bank_day_until(first.replace(day=25)),
    "day_28": lambda first: bank_day_until(first.replace(day=28)),
    "first_bank_day": bank_day_from,
}


def _with_rises(job: Employment, month: date) -> int:
    """A salary rises by 3 % each April."""
    return job.pence + job.pence * 3 * (month.year - 2024 + (month.month >= 4)) // 100


def _receiving(memo: Memo, pence: int) -> Deed:
    def receive(house: Household, ledger: Ledger, at: datetime) -> None:
        ledger.post(at, Leg(ledger.account(house.number_of("current")), pence, memo), against=Internal.NOSTRO)

    return receive


def _paying(memo: Memo, pence: int) -> Deed:
    def pay(house: Household, ledger: Ledger, at: datetime) -> None:
        current = ledger.account(house.number_of("current"))
        if current.available >= pence:  # else the bank returns it unpaid, and nothing moves.
            ledger.post(at, Leg(current, -pence, memo), against=Internal.NOSTRO)

    return pay


def _save(house: Household, ledger: Ledger, at: datetime) -> None:
    """Put the month's saving aside, and what has piled up beyond two and a half months' bills."""
    current = ledger.account(house.number_of("current"))
    surplus = (current.booked - house.monthly_bills * 5 // 2) // 5000 * 5000
    pence = (
        surplus if surplus > house.monthly_bills else min(house.monthly_saving, current.booked - house.monthly_bills)
    )
    move(house, ledger, at, "current", "savings", pence, "SAVINGS")


def _come_to_the_rescue(house: Household, ledger: Ledger, at: datetime) -> None:
    """Fetch half a month's bills from the savings when the current account runs dry."""
    if ledger.account(house.number_of("current")).booked < house.monthly_bills * 5 // 4:
        pence = min(ledger.account(house.number_of("savings")).booked, house.monthly_bills // 2) // 1000 * 1000
        move(house, ledger, at, "savings", "current", pence, "TOP UP")


def _repay_card(house: Household, ledger: Ledger, at: datetime) -> None:
    """Pay the whole of the card's debt if the money is there, else what can be spared."""
    debt = -ledger.account(house.number_of("card")).booked
    move(house, ledger, at, "current", "card", min(debt, ledger.account(house.number_of("current")).booked), "CARD")


def _close_month(house: Household, ledger: Ledger, at: datetime) -> None:
    """Pay interest on savings, charge it on an overdraft; rounded down to the penny, in the customer's favour last."""
    for holding in house.holdings:
        account = ledger.account(holding.number)
        interest = account.booked * _SAVINGS_RATE_BASIS_POINTS // 120_000
        if holding.kind == "SV" and account.status == "O" and interest > 0:
            ledger.post(at, Leg(account, interest, Memo("INT", "INTEREST PAID")), against=Internal.INTEREST)
        charge = -account.booked * _OVERDRAFT_RATE_BASIS_POINTS // 120_000
        if holding.role == "current" and 0 < charge <= account.available:
            memo = Memo("FEE", "ARRANGED OVERDRAFT INTEREST")
            ledger.post(at, Leg(account, -charge, memo), against=Internal.FEES)


def move(house: Household, ledger: Ledger, at: datetime, source: str, target: str, pence: int, reference: str) -> None:
    """Move money between two accounts of the household; nothing happens if there is none to move."""
    paying, receiving = ledger.account(house.number_of(source)), ledger.account(house.number_of(target))
    if pence <= 0 or pence > paying.available or "C" in {paying.status, receiving.status}:
        return
    name = house.people[0].full_name
    out = Memo("TFO", f"TRANSFER TO {receiving.number % 10**8:08d} {reference}", party=name, reference=reference,
               sort_code=receiving.number // 10**8, account=receiving.number % 10**8)  # fmt: skip
    narrative = (
        "PAYMENT RECEIVED - THANK YOU" if target == "card" else f"TRANSFER FROM {paying.number % 10**8:08d} {reference}"
    )
    into = Memo("TFI", narrative, party=name, reference=reference,
                sort_code=paying.number // 10**8, account=paying.number % 10**8)  # fmt: skip
    ledger.post(at, Leg(paying, -pence, out), Leg(receiving, pence, into))
