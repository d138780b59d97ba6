"""What the web server calls."""

import os

from django.core.wsgi import get_wsgi_application

from edge.requests import Utf8Request

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openbanking.settings")

application = get_wsgi_application()
application.request_class = Utf8Request
