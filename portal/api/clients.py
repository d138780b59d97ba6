"""``POST /sandbox/clients``: a client of one's own, at once and without asking anybody."""

from typing import Any

from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from edge.documented import answers
from edge.inputs import Text, read_input
from kernel import clock
from oauth import services


class KeySetInput(serializers.Serializer[Any]):
    """A JWK set (RFC 7517) of public keys."""

    keys = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=10)


class ClientInput(serializers.Serializer[Any]):
    """Who wants to be a third party."""

    name = Text(max_length=100, help_text="What customers will read.")
    redirect_uris = serializers.ListField(
        child=Text(max_length=500),
        min_length=1,
        max_length=10,
        help_text="https, or http on a loopback address; compared as exact strings.",
    )
    jwks = KeySetInput(help_text="Your public keys: EC P-256 for ES256, or RSA for PS256.")


class ClientOutput(serializers.Serializer[Any]):
    """A client as it was registered."""

    client_id = serializers.CharField()
    third_party_id = serializers.CharField()
    name = serializers.CharField()
    redirect_uris = serializers.ListField(child=serializers.CharField())
    token_endpoint_auth_method = serializers.CharField()
    issuer = serializers.CharField()


class ClientList(APIView):
    """Clients of the sandbox."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(
        operation_id="sandbox_create_client",
        request=ClientInput,
        responses=answers({201: ClientOutput}, 400, 413, 415, 422),
        auth=[],
        tags=["Sandbox"],
    )
    def post(self, request: Request) -> Response:
        """
        Register a new third party with one client.

        The client proves itself by `private_key_jwt` with one of its keys. Send the public parts only.
        """
        if not settings.SANDBOX:
            raise Http404
        given = read_input(request, ClientInput)
        client = services.register_client(
            third_party_name=given["name"],
            redirect_uris=given["redirect_uris"],
            jwks=given["jwks"],
            now=clock.now(),
        )
        registered = {
            "client_id": client.client_id,
            "third_party_id": client.third_party_id.hex,
            "name": given["name"],
            "redirect_uris": given["redirect_uris"],
            "token_endpoint_auth_method": client.token_endpoint_auth_method,
            "issuer": settings.OAUTH_ISSUER,
        }
        return Response(registered, status=201, headers={"cache-control": "no-store"})
