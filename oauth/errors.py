"""What the room refuses, by name; the OAuth refusals carry the word that RFC 6749 and its kin give them."""

from typing import ClassVar

from kernel.errors import DomainError


class ThirdPartyNotFound(DomainError):
    code = "third_party_not_found"
    detail = "There is no such third party."


class ReasonMissing(DomainError):
    code = "reason_missing"
    detail = "A reason must be given."


class UsernameTaken(DomainError):
    code = "username_taken"
    detail = "The name belongs to somebody else."


class InvalidClientMetadata(DomainError):
    code = "invalid_client_metadata"  # RFC 7591 §3.2.2
    detail = "The client cannot be registered like this."


class InvalidRedirectUri(InvalidClientMetadata):
    code = "invalid_redirect_uri"  # RFC 7591 §3.2.2
    detail = "A redirect URI is not one that may be registered."


class PushedRequestNotFound(DomainError):
    code = "pushed_request_not_found"
    detail = "There is no such request."


class PushedRequestOver(DomainError):
    """The request was answered already, or its time ran out."""

    code = "pushed_request_over"
    detail = "This request was answered already, or has expired."


class OAuthRefusal(DomainError):
    """A refusal that the client sees as ``{"error": code, "error_description": detail}`` (RFC 6749 §5.2)."""

    status: ClassVar[int] = 400


class InvalidRequest(OAuthRefusal):
    code = "invalid_request"
    detail = "The request lacks a parameter, or has one that is not valid."


class RequestTooLarge(InvalidRequest):
    status = 413
    detail = "The request is larger than this address accepts."


class UnsupportedBody(InvalidRequest):
    status = 415
    detail = "The body must be application/x-www-form-urlencoded."


class SenderConstraintMissing(InvalidRequest):
    """Outside a sandbox no bearer token is issued (FAPI 2.0 §5.3.2.1-4)."""

    detail = "Tokens must be bound to a key of the client, which this server cannot do yet."


class InvalidClient(OAuthRefusal):
    code = "invalid_client"
    detail = "The client could not be authenticated."
    status = 401


class InvalidGrant(OAuthRefusal):
    code = "invalid_grant"
    detail = "The code or token is not valid, has expired, or was not issued to this client."


class InvalidScope(OAuthRefusal):
    code = "invalid_scope"
    detail = "The scope is not one that this client may ask for here."


class InvalidRequestUri(OAuthRefusal):
    code = "invalid_request_uri"  # RFC 9101 §7
    detail = "The request is unknown, was answered already, or has expired."


class InvalidAuthorizationDetails(OAuthRefusal):
    code = "invalid_authorization_details"  # RFC 9396 §5
    detail = "The authorization details name no consent that this client can have authorised now."


class UnsupportedGrantType(OAuthRefusal):
    code = "unsupported_grant_type"
    detail = "The grant type is not supported."


class UnsupportedResponseType(OAuthRefusal):
    code = "unsupported_response_type"
    detail = "The response type is not supported."
