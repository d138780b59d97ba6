"""Ports by dotted path: what a room below needs of a room above, or of the bank."""

from openbanking.settings.base import ENVIRONMENT, SANDBOX

INSTITUTION = ENVIRONMENT.institution
INSTITUTION_NAME = ENVIRONMENT.institution_name
HELP_LINE = ENVIRONMENT.help_line
INSTITUTION_THEME = ENVIRONMENT.institution_theme

CUSTOMER_SIGN_IN = "bankcore.simulator.sign_in.SandboxSignIn" if SANDBOX else ""
"""``bankcore.ports.CustomerSignIn``: proves who the customer is."""
ACCOUNTS_FEED = "bankcore.adapters.cdc.CdcAccountsFeed"
"""``bankcore.ports.AccountsFeed``: turns what the core says of itself into canonical events."""
PAYMENT_CORE = "bankcore.adapters.kafka.KafkaPaymentCore"
"""``bankcore.ports.PaymentCore``: takes payment instructions to the core."""
OAUTH_INTERACTION = "consents.interaction.ConsentInteraction"
"""``oauth.interaction.Interaction``: the screens of an authorisation request."""
ACCOUNT_DIRECTORY = "accounts.directory.Directory"
"""``consents.ports.AccountDirectory``: which accounts a customer may share."""
DOCUMENT_RENDERER = "standards.uk.documents.render"
"""``accounts.ports.DocumentRenderer``: makes the stored JSON documents at ingest."""

WEBHOOKS_DENY_NETWORKS = ENVIRONMENT.webhooks_deny_networks
WEBHOOKS_TEST_NETWORKS = ENVIRONMENT.webhooks_test_networks
