"""What the web server calls."""

import os

from django.core.wsgi import get_wsgi_application

from edge.requests import Utf8Request
from openbanking.parent import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openbanking.settings")

end_with_parent()  # a worker whose server was killed would go on to answer, beside those of the next server.
application = get_wsgi_application()
application.request_class = Utf8Request
