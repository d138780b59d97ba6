"""Addresses of the UK face below ``/open-banking/v4.0/``; everything else there is not implemented."""

from django.urls import path, re_path, register_converter

from standards.uk.identifiers import OpaqueIdConverter
from standards.uk.views.account_access_consents import AccountAccessConsent, AccountAccessConsents
from standards.uk.views.accounts import Account, Accounts
from standards.uk.views.balances import AccountBalances
from standards.uk.views.domestic_payment_consents import DomesticPaymentConsent, DomesticPaymentConsents
from standards.uk.views.domestic_payments import DomesticPayment, DomesticPayments
from standards.uk.views.endpoint import not_implemented
from standards.uk.views.transactions import AccountTransactions

register_converter(OpaqueIdConverter, "id")

urlpatterns = [
    path("aisp/account-access-consents", AccountAccessConsents.as_view()),
    path("aisp/account-access-consents/<id:consent_id>", AccountAccessConsent.as_view()),
    path("aisp/accounts", Accounts.as_view()),
    path("aisp/accounts/<id:account_id>", Account.as_view()),
    path("aisp/accounts/<id:account_id>/balances", AccountBalances.as_view()),
    path("aisp/accounts/<id:account_id>/transactions", AccountTransactions.as_view()),
    path("pisp/domestic-payment-consents", DomesticPaymentConsents.as_view()),
    path("pisp/domestic-payment-consents/<id:consent_id>", DomesticPaymentConsent.as_view()),
    path("pisp/domestic-payments", DomesticPayments.as_view()),
    path("pisp/domestic-payments/<id:payment_id>", DomesticPayment.as_view()),
    re_path("", not_implemented),
]
