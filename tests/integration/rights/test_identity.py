"""Who is it? Codes that nobody guesses, the controller's word, and the clock that stands still only for that."""

import re
from datetime import timedelta

import pytest
from tests.integration.rights.conftest import AGREEMENTS, NUMBER, PERSON, now

from parley.obligations import api as obligations
from parley.rights import api as rights
from parley.rights.models import Code


def _code(place) -> str:
    place.work()
    mails = [one for one in place.server.to(PERSON) if "Your code" in str(one.message["Subject"])]
    return re.search(r"^ +(\d{6})\s*$", mails[-1].text, re.MULTILINE)[1]


def test_a_code_by_mail_proves_that_address_and_no_other(place):
    receipt = place.ask("access", number=NUMBER)
    sent = rights.send_code(receipt.follow, to="email", at=now())
    assert sent.by == "mail"
    public = rights.confirm_code(receipt.follow, _code(place), at=now())
    assert public.identity == "verified"
    view = place.view(receipt)
    assert (view.state, view.means, view.covers) == ("in-work", "code-to-email", ("email",))
    assert view.authorised_by == "agreement"
    # The number is not proved: what is sought is the address alone.
    from parley.rights import finding
    from parley.rights.models import Request

    subject = finding.subject_of(Request.objects.get(id=receipt.id))
    assert (subject.emails, subject.numbers) == ((PERSON,), ())


def test_three_tries_then_the_right_one_does_not_help_either(place):
    receipt = place.ask()
    rights.send_code(receipt.follow, to="email", at=now())
    right = _code(place)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    said = set()
    for attempt in (wrong, "12345", "", right):
        with pytest.raises(rights.CodeRefused) as refused:
            rights.confirm_code(receipt.follow, attempt, at=now())
        said.add(str(refused.value))
    assert len(said) == 1
    assert place.view(receipt).identity == "unknown"


def test_a_code_dies_after_15_minutes_once_used_and_when_another_is_asked_for(place):
    receipt, at = place.ask(), now()
    rights.send_code(receipt.follow, to="email", at=at)
    first = _code(place)
    with pytest.raises(rights.CodeRefused):
        rights.confirm_code(receipt.follow, first, at=at + timedelta(minutes=15))
    rights.send_code(receipt.follow, to="email", at=at + timedelta(seconds=1))
    second = _code(place)
    if first != second:
        with pytest.raises(rights.CodeRefused):
            rights.confirm_code(receipt.follow, first, at=at + timedelta(seconds=2))
    rights.confirm_code(receipt.follow, second, at=at + timedelta(seconds=3))
    with pytest.raises(rights.CodeRefused):
        rights.confirm_code(receipt.follow, second, at=at + timedelta(seconds=4))


def test_five_codes_a_day_so_fifteen_guesses_of_a_million(place):
    receipt, at = place.ask(), now()
    for _ in range(5):
        rights.send_code(receipt.follow, to="email", at=at)
    with pytest.raises(rights.CodeRefused):
        rights.send_code(receipt.follow, to="email", at=at)
    with pytest.raises(rights.CodeRefused):
        rights.send_code(receipt.follow, to="number", at=at)
    rights.send_code(receipt.follow, to="email", at=at + timedelta(days=1, seconds=1))


def test_codes_are_kept_as_keyed_hashes(place):
    import hashlib

    receipt = place.ask()
    rights.send_code(receipt.follow, to="email", at=now())
    code = _code(place)
    row = Code.objects.get()
    plain = {hashlib.sha256(code.encode()).digest(), hashlib.sha256(row.id.bytes + code.encode()).digest()}
    assert bytes(row.digest) not in plain
    assert len(bytes(row.digest)) == 32


def test_a_number_is_proved_by_a_call_of_staff(place):
    receipt = place.ask("access", email="", number=NUMBER, channel="portal")
    assert rights.send_code(receipt.follow, to="number", at=now()).by == "call-back"
    assert place.view(receipt).story[-1].what == "call-wanted"
    code = rights.code_to_read_out(receipt.id, by=place.officer, at=now())
    assert rights.confirm_code(receipt.follow, code, at=now()).identity == "verified"
    view = place.view(receipt)
    assert (view.means, view.covers) == ("code-to-number", ("number",))
    read = next(line for line in view.story if line.what == "code-read-out")
    assert read.who == str(place.officer)
    assert code not in str(view.story)


def test_customer_held_the_person_types_its_address_again(make_place):
    place = make_place("ixcloud-dpa", custody="customer-held")
    receipt = place.ask()
    public = rights.by_follow(receipt.follow)
    assert public.needs_address
    assert place.view(receipt).person.sealed
    answers = {
        rights.send_code(receipt.follow, to="email", at=now(), address=one).by for one in ("x@y.example", PERSON)
    }
    assert answers == {"mail"}
    place.work()
    assert not place.server.to("x@y.example")
    assert rights.confirm_code(receipt.follow, _code(place), at=now()).identity == "verified"
    assert place.view(receipt).state == "waiting-for-controller"


def test_an_unknown_token_and_a_wrong_code_say_nothing(place):
    for deed in (
        lambda: rights.by_follow("nonsense"),
        lambda: rights.send_code("nonsense", to="email", at=now()),
        lambda: rights.confirm_code("nonsense", "000000", at=now()),
        lambda: rights.package_link("nonsense", at=now()),
    ):
        with pytest.raises(rights.NoSuchRequest):
            deed()


def test_identity_is_asked_with_a_reason_and_the_clock_stands_still_meanwhile(place):
    at = now() - timedelta(days=20)
    receipt = place.ask(at=at)
    before = place.view(receipt, at)
    with pytest.raises(rights.RequestRefused):
        rights.ask_identity(receipt.id, what="your customer number", why=" ", by=place.officer, at=at)
    asked = at + timedelta(days=5)
    rights.ask_identity(
        receipt.id, what="your customer number", why="two people of that name", by=place.officer, at=asked
    )
    paused = place.view(receipt, asked)
    assert paused.state == "identity-pending"
    assert paused.pauses[0].began_at == asked
    assert not obligations.duties(event_id=str(receipt.id), states=["open"])
    back = asked + timedelta(days=7)
    rights.verify(receipt.id, means="document-seen", seen="identity card, name and birthday", by=place.officer, at=back)
    view = place.view(receipt, back)
    assert view.line.strict_due == before.line.due
    assert abs(view.line.due - before.line.due - timedelta(days=7)) < timedelta(hours=2)
    duty = obligations.duty(f"rights-request-received:{receipt.id}.1:answer")
    assert duty.due == view.line.due
    place.work(at=before.line.due + timedelta(days=1))
    assert obligations.duty(duty.key).state != "breached"
    place.work(at=view.line.due + timedelta(seconds=1))
    assert obligations.duty(duty.key).state == "breached"


@pytest.mark.parametrize("agreement", AGREEMENTS)
def test_the_person_is_answered_only_on_the_controllers_word(make_place, agreement):
    from parley.agreement.api import load
    from parley.people import api as people

    place = make_place(agreement)
    receipt = place.ask()
    rights.verify(receipt.id, means="known-to-controller", by=place.officer, at=now())
    view = place.view(receipt)
    if load(agreement).terms.rights.answers != "controller":
        assert (view.state, view.authorised_by) == ("in-work", "agreement")
        assert view.authorisation_clause == "IM-9.procedure"
        return
    assert view.state == "waiting-for-controller"
    user = people.create_user(email="u@customer.example", name="U", password="a-long-password-2", role="supervisor")
    for somebody in (user.id, receipt.id):
        with pytest.raises(rights.NotAuthorised):
            rights.authorise(receipt.id, by=somebody, at=now())
    for deed in (
        lambda: rights.fulfil(receipt.id, by=place.officer, at=now()),
        lambda: rights.answer(receipt.id, text="Here it is.", by=place.officer, at=now()),
    ):
        with pytest.raises(rights.MoveRefused):
            deed()
    rights.authorise(receipt.id, by=place.officer, at=now())
    assert place.view(receipt).authorised_by == str(place.officer)
