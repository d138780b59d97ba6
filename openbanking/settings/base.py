"""What every process needs: installed rooms, middleware, templates, language and time."""

from pathlib import Path

from openbanking.settings.environment import ROOT, read_environment, sandbox_secret_key

ENVIRONMENT = read_environment()

BASE_DIR = ROOT
SANDBOX = ENVIRONMENT.sandbox
DEBUG = ENVIRONMENT.debug
SERVICES_DIR: Path = ENVIRONMENT.services_dir

_keys = ENVIRONMENT.secret_keys or (sandbox_secret_key(SERVICES_DIR),)
SECRET_KEY = _keys[0]
SECRET_KEY_FALLBACKS = list(_keys[1:])

BASE_URL = ENVIRONMENT.base_url or "http://127.0.0.1:8000"
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts) or ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    "openbanking.apps.OpenbankingConfig",
    "standards",
    "portal",
    "webhooks",
    "payments",
    "accounts",
    "consents",
    "oauth",
    "bankcore",
    "streaming",
    "edge",
    "edge.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "oauth2_provider",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
]

ROOT_URLCONF = "openbanking.urls"
WSGI_APPLICATION = "openbanking.wsgi.application"

MIDDLEWARE = [
    "edge.middleware.CallContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "edge.middleware.PagesOnlySessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "edge.middleware.PagesOnlyCsrfMiddleware",
    "edge.middleware.PagesOnlyAuthenticationMiddleware",
    "edge.middleware.PagesOnlyMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "edge.pages.institution",
            ]
        },
    }
]

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English")]
USE_I18N = True
FORMAT_MODULE_PATH = ["edge.formats"]
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
