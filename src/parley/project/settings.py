"""Django's settings, from the operator's Config. Every process of Parley uses this one module."""

import secrets
from urllib.parse import urlsplit

from parley.project.config import load
from parley.tenancy.keys import root_key

CONFIG = load()

PARLEY_DATA_DIR = CONFIG.data_dir
PARLEY_STORE_URL = CONFIG.objects_url
PARLEY_STORE_COLD_URL = CONFIG.store_cold_url
PARLEY_STORE_LOCK = CONFIG.store_lock
PARLEY_STORE_COLD_DAYS = CONFIG.store_cold_days
PARLEY_SCRUB_MEGABYTES = CONFIG.store_scrub_megabytes
PARLEY_BACKUP_URL = CONFIG.backups_url
PARLEY_BACKUP_KEEP_DAYS = CONFIG.backup_keep_days
PARLEY_PUBLIC_URL = CONFIG.public_url
PARLEY_EVENTS_URL = CONFIG.public_events_url
PARLEY_RECORDER_ID = CONFIG.recorder_id
PARLEY_REGION = CONFIG.region
PARLEY_DATABASE_URL = CONFIG.database_url
PARLEY_DATABASE_PORT = CONFIG.database_port
PARLEY_DATABASE_DURABLE = CONFIG.database_durable
PARLEY_ROOT_KEY_FILE = CONFIG.root_key_file
PARLEY_KEYS_MODULE = CONFIG.keys_module
PARLEY_KEYS_TOKEN = CONFIG.keys_token
PARLEY_KEYS_PIN_FILE = CONFIG.keys_pin_file
PARLEY_KEYS_PIN = CONFIG.keys_pin

PARLEY_MAIL_HOST = CONFIG.mail_host
PARLEY_MAIL_PORT = CONFIG.mail_port
PARLEY_MAIL_TLS = CONFIG.mail_tls
PARLEY_MAIL_USER = CONFIG.mail_user
PARLEY_MAIL_PASSWORD = CONFIG.mail_password
PARLEY_MAIL_FROM = CONFIG.mail_from
PARLEY_MAIL_DKIM_DOMAIN = CONFIG.mail_dkim_domain
PARLEY_MAIL_DKIM_SELECTOR = CONFIG.mail_dkim_selector
PARLEY_PROXY_TRUSTED = CONFIG.proxy_networks
PARLEY_PROXY_HEADER = CONFIG.proxy_header
PARLEY_MONITORING_DIR = CONFIG.monitoring_dir
PARLEY_TOKEN_RATE = CONFIG.token_rate
PARLEY_CALLBACK_ALLOW = CONFIG.callback_places
PARLEY_INTAKE_DOMAIN = CONFIG.intake_domain if CONFIG.intake_port else ""

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "parley.ledger",
    "parley.tenancy",
    "parley.obligations",
    "parley.mail",
    "parley.webhooks",
    "parley.governance.contract",
    "parley.governance.instructions",
    "parley.governance.subprocessors",
    "parley.governance.incidents",
    "parley.governance.access",
    "parley.governance.assistance",
    "parley.governance.audits",
    "parley.retention",
    "parley.backups",
    "parley.people",
    "parley.tokens",
    "parley.contacts",
    "parley.recordings",
    "parley.recordings.scrubbing",
    "parley.exports",
    "parley.rights",
    "parley.lifecycle",
    "parley.web",
    "parley.project",
]

# `default` is whichever customer's database the work at hand is for; `provider` is the provider's own.
DATABASES = {
    "default": {"ENGINE": "parley.tenancy.backend", "NAME": "the customer in scope"},
    "provider": {"ENGINE": "parley.tenancy.backend", "NAME": "the provider"},
}
DATABASE_ROUTERS = ["parley.tenancy.router.TenancyRouter"]

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["parley.people.sessions.AccountBackend"]
PASSWORD_HASHERS = ["parley.people.hashers.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "/static/"

# Signs sessions and tokens. Without a root key yet, there is nothing to sign that outlives the process.
SECRET_KEY = (
    root_key(PARLEY_ROOT_KEY_FILE).derived("django").hex() if PARLEY_ROOT_KEY_FILE.exists() else secrets.token_hex(32)
)

# --- The console (parley.web): a customer's session lives in its own database, its cookie goes to its own console only.
_PUBLIC = urlsplit(PARLEY_PUBLIC_URL)

ROOT_URLCONF = "parley.web.urls"
MIDDLEWARE = [
    "parley.web.forwarded.Forwarded",
    "parley.web.measured.Measured",
    "parley.web.protection.Headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "parley.web.protection.KnownLength",
    "parley.web.place.TenantByPath",
    "parley.web.protection.TenantSessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "parley.web.access.SignedIn",
    "parley.web.problems.Problems",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "parley.web.frame.frame",
            ]
        },
    }
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
ALLOWED_HOSTS = [_PUBLIC.hostname or "localhost", "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [f"{_PUBLIC.scheme}://{_PUBLIC.netloc}"]
CSRF_USE_SESSIONS = True
CSRF_FAILURE_VIEW = "parley.web.problems.csrf_failed"
SESSION_COOKIE_NAME = "parley_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _PUBLIC.scheme == "https"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
