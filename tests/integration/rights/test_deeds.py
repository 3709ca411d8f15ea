"""Extension, refusal, answer, withdrawal: when they are possible, what the person is told, what the duties become."""

from datetime import timedelta

import pytest
from tests.integration.rights.conftest import AGREEMENTS, PERSON, now

from parley.obligations import api as obligations
from parley.rights import api as rights


@pytest.mark.parametrize("agreement", AGREEMENTS)
def test_extended_inside_the_first_month_with_notice_and_refused_afterwards(make_place, agreement):
    place = make_place(agreement)
    at = now() - timedelta(days=10)
    receipt, late = place.ask(at=at), place.ask(at=at)
    before = place.view(receipt, at)
    rights.extend(receipt.id, reasons="There are 4,000 recordings.", by=place.officer, at=at + timedelta(days=9))
    view = place.view(receipt)
    assert view.line.due == before.longest
    assert view.line.strict_due == before.line.due
    first = obligations.duty(f"rights-request-received:{receipt.id}:answer")
    assert (first.state, first.late) == ("met", False)
    assert obligations.duty(f"rights-request-received:{receipt.id}.1:answer").due == before.longest
    place.work()
    told = [one for one in place.server.to(PERSON) if "takes longer" in str(one.message["Subject"])]
    assert len(told) == 1
    assert "4,000 recordings" in told[0].text
    assert "supervisory authority" in told[0].text
    with pytest.raises(rights.MoveRefused):
        rights.extend(receipt.id, reasons="Once more.", by=place.officer, at=now())
    with pytest.raises(rights.MoveRefused) as refused:
        rights.extend(late.id, reasons="Too late.", by=place.officer, at=before.line.due)
    assert "first month is over" in str(refused.value)
    assert place.view(late).extended_at is None


def test_refused_with_ground_reasons_and_remedies(place):
    receipt = place.ask("erasure")
    with pytest.raises(rights.RequestRefused):
        rights.refuse(receipt.id, ground="compelling-grounds", reasons="Because.", by=place.officer, at=now())
    with pytest.raises(rights.RequestRefused):
        rights.refuse(receipt.id, ground="unfounded", reasons=" ", by=place.officer, at=now())
    with pytest.raises(rights.NotAuthorised):
        rights.refuse(receipt.id, ground="unfounded", reasons="No.", by=receipt.id, at=now())
    assert place.view(receipt).state == "acknowledged"
    rights.refuse(receipt.id, ground="legal-claims", reasons="A suit is pending.", by=place.officer, at=now())
    place.work()
    view = place.view(receipt)
    assert (view.state, view.ground) == ("refused", "legal-claims")
    text = place.server.to(PERSON)[-1].text
    for words in ("Art. 17(3)(e)", "A suit is pending.", "Art. 77", "judicial remedy"):
        assert words in text
    assert obligations.duty(f"rights-request-received:{receipt.id}:answer").state == "met"
    assert not obligations.duties(event_id=str(receipt.id), states=["open", "due"], kinds=["duty", "moment", "window"])
    assert view.possible == ()


def test_withdrawn_by_the_person(place):
    receipt = place.ask()
    public = rights.withdraw_by_follow(receipt.follow, at=now())
    assert public.state == "withdrawn"
    assert not public.can_withdraw
    assert obligations.duty(f"rights-request-received:{receipt.id}:answer").state == "cancelled"
    with pytest.raises(rights.MoveRefused):
        rights.withdraw(receipt.id, by="person", at=now())


def test_sorted_when_it_was_not_clear(place):
    receipt = place.verified("unclear")
    assert "answer" not in place.view(receipt).possible
    rights.sort(receipt.id, kinds=["automated-decision"], by=place.officer, at=now())
    rights.review(receipt.id, outcome="A person decided that call's routing.", by=place.officer, at=now())
    rights.answer(receipt.id, text="We looked at it again.", by=place.officer, at=now())
    view = place.view(receipt)
    assert view.state == "answered"
    assert "machine alone" in view.done["automated-decision"]


def test_no_answer_while_something_is_not_done(place):
    receipt = place.verified("rectification", "automated-decision")
    rights.review(receipt.id, outcome="Looked at.", by=place.officer, at=now())
    with pytest.raises(rights.MoveRefused) as refused:
        rights.answer(receipt.id, text="Done.", by=place.officer, at=now())
    assert "nothing was corrected" in str(refused.value)
    rights.decide(
        receipt.id, kind="rectification", granted=False, ground="accurate", words="It is right.", by=place.officer,
        at=now(),
    )  # fmt: skip
    rights.answer(receipt.id, text="Here is what we did.", by=place.officer, at=now())
    place.work()
    text = place.server.to(PERSON)[-1].text
    assert "Art. 16" in text
    assert rights.by_follow(receipt.follow).answer == "Here is what we did."


def test_the_public_page_shows_no_answer_to_a_stranger(place):
    receipt = place.ask("access")
    rights.add_by_follow(receipt.follow, "Please hurry.", at=now())
    rights.note(receipt.id, text="Known to be difficult.", by=place.officer, at=now())
    rights.refuse(receipt.id, ground="unfounded", reasons="It is.", by=place.officer, at=now())
    public = rights.by_follow(receipt.follow)
    assert public.answer == ""
    assert "Known to be difficult." not in str(public)
    assert [step.said for step in public.steps if step.what == "person-wrote"] == ["Please hurry."]


def test_the_identity_goes_after_its_own_time_and_the_proof_stays(place):
    from parley.rights.rules import kept_until

    at = now()
    receipt = place.ask("erasure", at=at)
    rights.refuse(receipt.id, ground="unfounded", reasons="It is.", by=place.officer, at=at)
    until = kept_until(kinds=["erasure"], state="refused", ended_at=at)
    place.work()
    place.work(at=until - timedelta(hours=1))
    assert place.view(receipt).person.email == PERSON
    place.work(at=until + timedelta(seconds=1))
    view = place.view(receipt)
    assert (view.person.email, view.person.sealed) == ("", False)
    assert view.identity_removed_at is not None
    assert (view.state, view.ground, view.line.kinds) == ("refused", "unfounded", ("erasure",))
    assert all(not line.said for line in view.story)
    assert rights.STORE.present([receipt.id]) == frozenset()
    assert rights.requests(at=now(), address=PERSON).lines == ()
