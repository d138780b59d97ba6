"""The customer's screens."""

from django.urls import include, path

from consents.screens import authorise, dashboard, sign_in
from edge.pages import theme_stylesheet

screens = (
    [
        path("sign-in", sign_in.sign_in, name="sign-in"),
        path("sign-out", sign_in.sign_out, name="sign-out"),
        path("authorise/<uuid:request_id>", authorise.authorise, name="authorise"),
        path("authorise/<uuid:request_id>/cancel", authorise.cancel, name="cancel"),
        path("connected-apps", dashboard.connected_apps, name="dashboard"),
        path("connected-apps/<uuid:consent_id>", dashboard.connected_app, name="connected-app"),
        path("connected-apps/<uuid:consent_id>/end", dashboard.end_connected_app, name="end-connected-app"),
    ],
    "consents",
)

urlpatterns = [
    path("theme/<slug:version>.css", theme_stylesheet, name="theme"),
    path("", include(screens)),
]
