"""The provider's desk of attestations: what is asked, by whom it is proven, what was proven, when next."""

from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from parley.governance.audits import api as audits
from parley.people import api as people
from parley.recordings.api import installed_store
from parley.web.filled import Filled
from parley.web.place import inside


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every key that some agreement asks for, the next due first."""
    desk = audits.desk(at=timezone.now())
    names = _names([one.person for one in desk])
    lines = [{"desk": one, "person": names.get(one.person)} for one in desk]
    return render(request, "web/provider/attestations.html", {"here": "attestations", "lines": lines})


@require_http_methods(["GET", "POST"])
def attestation(request: HttpRequest, key: str) -> HttpResponse:
    """One key: assign it, upload a proof, see the earlier ones."""
    now = timezone.now()
    filled = Filled(request.POST.dict())
    audits.on_desk(key, at=now)
    if request.method == "POST" and _do(request, key, filled):
        return HttpResponseRedirect(reverse("attestation", args=[key]))
    desk = audits.on_desk(key, at=now)
    proofs = [one for one in (desk.last, *desk.earlier) if one is not None]
    staff = people.User.objects.filter(is_active=True).order_by("name")
    names = _names([desk.person, *(one.recorded_by for one in proofs), *(one.responsible for one in proofs)])
    context = {
        "here": "attestations",
        "desk": desk,
        "person": names.get(desk.person),
        "staff": staff,
        "proofs": [
            {"view": one, "by": names.get(one.recorded_by), "responsible": names.get(one.responsible)} for one in proofs
        ],
        "form": filled.fields(),
        "largest": audits.LARGEST,
        "today": now.date(),
    }
    return render(request, "web/provider/attestation.html", context, status=400 if filled.wrong else 200)


@require_GET
def proof(_request: HttpRequest, attestation_id: UUID) -> HttpResponse:
    """A proof in clear, for the provider's staff."""
    found = audits.attestation(attestation_id)
    content = audits.proof(attestation_id, store=installed_store())
    name = f"{found.key}-{found.attested_at:%Y-%m-%d}-{str(found.id)[-8:]}.{audits.ENDINGS[found.media_type]}"
    return HttpResponse(
        content, content_type=found.media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _do(request: HttpRequest, key: str, filled: Filled) -> bool:
    """Assigns, or takes a proof; False when something in the form is wrong."""
    by: dict[str, Any] = {"by": inside(request).person.id, "at": timezone.now()}
    if filled.choice("deed", ("assign", "attest")) == "assign":
        person = next((one for one in people.User.objects.filter(is_active=True)
                       if str(one.id) == filled.values.get("person")), None)  # fmt: skip
        if person is None:
            filled.wrong["person"] = _("Choose one.")
            return False
        audits.assign(key, person=person.id, **by)
        return True
    done_at = filled.moment("day", zone="UTC")
    upload = request.FILES.get("proof")
    if not isinstance(upload, UploadedFile):
        filled.wrong["proof"] = _("Choose the file with the proof.")
    elif upload.size is None or upload.size > audits.LARGEST:
        filled.wrong["proof"] = _("The file is larger than 10 MiB.")
    if filled.wrong or done_at is None or not isinstance(upload, UploadedFile):
        return False
    try:
        audits.attest(key, attested_at=done_at, proof=upload.read(), store=installed_store(), **by)
    except audits.ProofRefused as error:
        filled.wrong["day" if "ago" in str(error) or "ahead" in str(error) else "proof"] = str(error)
    return not filled.wrong


def _names(ids: list[UUID | None]) -> dict[UUID | None, str]:
    found: dict[UUID | None, str] = dict(
        people.User.objects.filter(id__in=[one for one in ids if one]).values_list("id", "name")
    )
    return found
