"""What staff see of third parties, their clients and the people who sign in; secrets are not among it."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from edge.staff import AUDITOR, COMPLIANCE, EVERYONE, OPERATOR, ReasonedAction, StaffModelAdmin, TimelineEntry
from kernel import clock
from oauth.models import Client, ThirdParty, User
from oauth.services import reinstate_third_party, suspend_third_party
from oauth.states import ThirdPartyStatus
from streaming.selectors import list_events


def _suspend(request: HttpRequest, row: ThirdParty, reason: str) -> None:
    suspend_third_party(third_party_id=row.pk, reason=reason, now=clock.now())


def _reinstate(request: HttpRequest, row: ThirdParty, reason: str) -> None:
    reinstate_third_party(third_party_id=row.pk, reason=reason, now=clock.now())


@admin.register(ThirdParty)
class ThirdPartyAdmin(StaffModelAdmin):
    """Third parties: state, why, history; suspend and reinstate."""

    seen_by = EVERYONE
    list_display = ("name", "status", "status_reason", "status_changed_at", "created_at")
    search_fields = ("name__icontains", "id__exact", "clients__client_id__exact")
    list_filter = ("status",)
    fields = ("id", "name", "status", "status_reason", "status_changed_at", "clients", "created_at")
    readonly_fields = ("clients",)
    reasoned_actions = (
        ReasonedAction(
            name="suspend",
            label=_("Suspend this third party"),
            consequence=_("From its very next call on it is refused. Its consents stay as they are."),
            perform=_suspend,
            acted_by=frozenset({COMPLIANCE, OPERATOR}),
            is_possible=lambda row: row.status == ThirdPartyStatus.ACTIVE,
            done=_("The third party is suspended."),
        ),
        ReasonedAction(
            name="reinstate",
            label=_("Reinstate this third party"),
            consequence=_("It may act again under the consents that still stand."),
            perform=_reinstate,
            acted_by=frozenset({COMPLIANCE}),
            is_possible=lambda row: row.status == ThirdPartyStatus.SUSPENDED,
            is_destructive=False,
            done=_("The third party may act again."),
        ),
    )

    @admin.display(description=_("clients"))
    def clients(self, row: ThirdParty) -> str:
        """Name the third party's clients by their public ids."""
        return ", ".join(f"{client.name} ({client.client_id})" for client in row.clients.order_by("pk"))

    def timeline(self, row: ThirdParty) -> Sequence[TimelineEntry]:
        """Tell what happened to it, newest first."""
        return [
            TimelineEntry(at=event.occurred_at, actor=event.actor, what=event.type, why=event.payload.get("reason", ""))
            for event in list_events(aggregate=("third_party", str(row.pk)))
        ]


class ClientAdmin(StaffModelAdmin):
    """Clients: how they authenticate and where they redirect; registered by DOT, as the settings say."""

    seen_by = EVERYONE
    list_display = ("name", "client_id", "third_party", "profile", "token_endpoint_auth_method", "created")
    list_select_related = ("third_party",)
    search_fields = ("name__icontains", "client_id__exact")
    fields = (
        "client_id",
        "name",
        "third_party",
        "profile",
        "token_endpoint_auth_method",
        "redirect_uris",
        "key_ids",
        "id_token_signed_response_alg",
        "created",
    )
    readonly_fields = ("key_ids",)

    @admin.display(description=_("public keys"))
    def key_ids(self, row: Client) -> str:
        """Name the client's keys."""
        return ", ".join(f"{key.get('kid', '?')} ({key.get('kty')})" for key in row.client_jwks.get("keys", ()))


@admin.register(User)
class UserAdmin(StaffModelAdmin):
    """People: who they are and which groups they are in; never how they prove it."""

    seen_by = frozenset({COMPLIANCE, OPERATOR, AUDITOR})
    list_display = ("full_name", "username", "kind", "is_active", "last_login", "created_at")
    list_filter = ("kind", "is_active")
    search_fields = ("full_name__icontains", "username__exact", "party_id__exact")
    fields = ("id", "username", "full_name", "kind", "party_id", "groups", "is_active", "last_login", "created_at")
