"""Help with the law, as the customer sees it: impact assessments, disclosures, complaints, findings."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from parley.governance.assistance import api as assistance
from parley.web import access_words as words
from parley.web.access import sees_everything
from parley.web.place import inside


@sees_everything
@require_http_methods(["GET", "POST"])
def overview(request: HttpRequest) -> HttpResponse:
    """Everything at a glance; the form checks the processing now, with what the customer itself knows of it."""
    now = timezone.now()
    if request.method == "POST":
        declared = frozenset(request.POST.getlist("declared")) & frozenset(assistance.CRITERIA)
        people = request.POST.get("people", "")
        what = assistance.processing(people=int(people) if people.isdecimal() and len(people) < 10 else 0)
        what = assistance.Processing(
            offerings=what.offerings, purposes=what.purposes, categories=what.categories, subjects=what.subjects,
            people=what.people, minors=what.minors, declared=declared,
        )  # fmt: skip
        found = assistance.check(what=what, at=now)
        return HttpResponseRedirect(reverse("assessment", args=[found.id]) if found else reverse("assistance"))
    risk = assistance.assess(assistance.processing())
    context = {
        "here": "assistance",
        "now": now,
        "signs": [(assistance.CRITERIA[sign.criterion], sign.because) for sign in risk.signs],
        "likely_high": risk.likely_high,
        "others": [(key, word) for key, word in assistance.CRITERIA.items() if key not in risk.criteria],
        "assessments": [{"one": one, **words.state(words.ASSESSMENTS, one.state)} for one in assistance.assessments()],
        "disclosures": [
            {"one": one, "asker": words.ASKERS[one.asker], **words.state(words.DISCLOSURES, one.state)}
            for one in assistance.disclosures(at=now, for_customer=True)
        ],
        "complaints": [
            {"one": one, "source": words.SOURCES[one.source], **words.state(words.COMPLAINTS, one.state)}
            for one in assistance.complaints()
        ],
        "findings": [{"one": one, **words.state(words.FINDINGS, one.state)} for one in assistance.findings()],
    }
    return render(request, "web/console/assistance.html", context)


@sees_everything
@require_http_methods(["GET", "POST"])
def assessment(request: HttpRequest, assessment_id: UUID) -> HttpResponse:
    """One impact assessment: why it is needed, the questions, measures, what risk remains, prior consultation."""
    here, now = inside(request), timezone.now()
    found = assistance.assessment(assessment_id)
    wrong: dict[str, str] = {}
    answers = dict(found.answers)
    values = {"measures": found.measures, "residual": found.residual, "consultation": found.consultation, "reason": ""}
    if request.method == "POST":
        answers = {key: request.POST.get(key, "").strip() for key in assistance.QUESTIONS}
        values = {key: request.POST.get(key, "").strip() for key in values}
        try:
            if request.POST.get("deed") == "dismiss":
                assistance.dismiss_assessment(found.id, reason=values["reason"], by=here.person.id, at=now)
            else:
                assistance.save_assessment(
                    found.id,
                    answers=answers,
                    measures=values["measures"],
                    residual=values["residual"],  # type: ignore[arg-type]
                    consultation=values["consultation"],
                    finish=request.POST.get("deed") == "finish",
                    by=here.person.id,
                    at=now,
                )
        except assistance.AssistanceFormError as error:
            wrong = words.wrong_of(error)
        else:
            return HttpResponseRedirect(reverse("assessment", args=[found.id]))
    context = {
        "here": "assistance",
        "assessment": found,
        **words.state(words.ASSESSMENTS, found.state),
        "open": found.state in ("needed", "begun"),
        "signs": [(assistance.CRITERIA[sign.criterion], sign.because) for sign in found.signs],
        "questions": [
            {"key": key, "question": question, "answer": answers.get(key, ""), "wrong": wrong.get(key, "")}
            for key, question in assistance.QUESTIONS.items()
        ],
        "values": values,
        "residuals": words.RESIDUAL.items(),
        "wrong": wrong,
    }
    return render(request, "web/console/assessment.html", context, status=400 if wrong else 200)


@sees_everything
@require_GET
def record(_request: HttpRequest, assessment_id: UUID) -> HttpResponse:
    """The assessment as a file, for the controller's own records and for the authority."""
    found = assistance.assessment(assessment_id)
    response = HttpResponse(assistance.exported(found), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="assessment-{str(found.id)[-8:]}.json"'
    return response
