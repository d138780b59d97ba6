"""The only door to django-oauth-toolkit and oauthlib; why so little of them is used: docs/adr/0001."""
