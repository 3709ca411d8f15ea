"""What strangers may know: that this process answers, and whether Parley is ready. The monitor tells operators more."""

from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from parley.monitoring.api import kept_answer


@require_GET
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return JsonResponse({"ok": True})


@require_GET
@never_cache
def readyz(_request: HttpRequest) -> HttpResponse:
    """503 unless the monitor found everything well some seconds ago at most. It costs whoever asks nothing but this."""
    ready = kept_answer(settings.PARLEY_MONITORING_DIR, now=datetime.now(UTC))
    return JsonResponse({"ready": ready}, status=200 if ready else 503)
