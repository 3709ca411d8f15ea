"""Second factors, invitations, sessions and lists of people, over a real database."""

import base64
import hashlib
import json
import threading
import tracemalloc
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from webauthn.helpers import bytes_to_base64url

from parley.foundation.ids import new_id
from parley.inventory.api import ExportOptions
from parley.obligations import api as obligations
from parley.people import api as people
from parley.people.models import OneTimeCodes, Passkey, SignIn
from parley.tenancy import api as tenancy

NOW = datetime(2026, 3, 1, 9, 0, 5, tzinfo=UTC)
PASSWORD = "seven-quiet-lanterns"


@pytest.fixture
def anna(customer: tenancy.Customer) -> people.User:
    return people.create_user(email="anna@example.org", name="Anna B", password=PASSWORD, role="administrator")


def enrolled(user: people.User) -> tuple[str, tuple[str, ...]]:
    """The secret and the recovery codes of `user`."""
    secret = people.factors.begin_codes(user, at=NOW).secret
    return secret, people.factors.confirm_codes(user, people.factors.code_at(secret, NOW), at=NOW)


def session(user: people.User, *, address: str = "192.0.2.77") -> SignIn:
    store = SessionStore()
    store["_auth_user_id"] = str(user.id)
    store.create()
    made = people.begin(
        user, session_key=str(store.session_key), address=address, agent="Mozilla/5.0 (Windows) Firefox/130.0",
        means="password", at=NOW,
    )  # fmt: skip
    return SignIn.objects.get(pk=made)


def test_codes_are_those_of_rfc_6238() -> None:
    """Appendix B, the last six digits of its eight, SHA-1."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        assert people.factors.code_at(secret, datetime.fromtimestamp(seconds, UTC)) == code


def test_a_code_is_taken_once_and_its_neighbours_too(anna: people.User) -> None:
    secret, _ = enrolled(anna)
    later = NOW + timedelta(minutes=5)
    for moment in (later - timedelta(seconds=30), later, later + timedelta(seconds=30)):
        code = people.factors.code_at(secret, moment)
        assert people.factors.check_code(anna, code, at=later) == "codes"
        with pytest.raises(people.FactorRefused):
            people.factors.check_code(anna, code, at=later)
    with pytest.raises(people.FactorRefused):
        people.factors.check_code(anna, people.factors.code_at(secret, later + timedelta(seconds=90)), at=later)


def test_five_wrong_codes_lock_the_second_step_also_for_the_right_one(anna: people.User) -> None:
    secret, recovery = enrolled(anna)
    later = NOW + timedelta(minutes=5)
    for _ in range(5):
        with pytest.raises(people.FactorRefused):
            people.factors.check_code(anna, "000000", at=later)
    for code in (people.factors.code_at(secret, later), recovery[0]):
        with pytest.raises(people.SignInLocked):
            people.factors.check_code(anna, code, at=later)
    assert people.factors.check_code(anna, recovery[0], at=later + timedelta(minutes=16)) == "recovery"


def test_secrets_are_sealed_and_open_in_their_own_place_alone(anna: people.User) -> None:
    secret, recovery = enrolled(anna)
    row = OneTimeCodes.objects.get(user=anna)
    raw = base64.b32decode(secret)
    assert raw not in bytes(row.sealed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT people_recoverycode::text FROM people_recoverycode")
        assert recovery[0].replace("-", "").encode().hex() not in str(cursor.fetchall())
    other = people.create_user(email="eve@example.org", name="Eve", password=PASSWORD, role="user")
    OneTimeCodes.objects.create(user=other, sealed=row.sealed, made_at=NOW, confirmed_at=NOW)
    with pytest.raises(people.SecretUnreadable):
        people.factors.check_code(other, people.factors.code_at(secret, NOW), at=NOW)


def test_removing_the_last_factor_ends_recovery_codes(anna: people.User) -> None:
    enrolled(anna)
    people.factors.remove_codes(anna, by=anna.id, at=NOW)
    known = people.factors.factors(anna)
    assert (known.any, known.recovery_codes) == (False, 0)


def test_a_second_factor_rule_signs_out_whoever_came_with_a_password_alone(anna: people.User) -> None:
    user = people.create_user(email="dario@example.org", name="Dario", password=PASSWORD, role="user")
    weak, own = session(user), session(anna)
    people.decide(own_visible=True, own_download=True, factor_roles=["user", "administrator"], by=anna.id, at=NOW)
    assert not Session.objects.filter(session_key=weak.session_id).exists()
    assert Session.objects.filter(session_key=own.session_id).exists()


def test_nobody_enters_a_role_that_needs_a_second_factor_in_a_session_without(anna: people.User) -> None:
    user = people.create_user(email="dario@example.org", name="Dario", password=PASSWORD, role="user")
    people.decide(own_visible=True, own_download=True, factor_roles=["compliance"], by=anna.id, at=NOW)
    weak, strong = session(user), session(user)
    SignIn.objects.filter(pk=strong.pk).update(means="codes")
    people.change_role(user.id, role="supervisor", by=anna.id, at=NOW)
    assert Session.objects.filter(session_key=weak.session_id).exists()
    people.change_role(user.id, role="compliance", by=anna.id, at=NOW)
    assert not Session.objects.filter(session_key=weak.session_id).exists()
    assert Session.objects.filter(session_key=strong.session_id).exists()


def test_sessions_are_listed_coarsely_and_ended(anna: people.User) -> None:
    one, two = session(anna), session(anna, address="2001:db8:1:2:3::9")
    listed = people.sign_ins(anna.id, at=NOW)
    assert {line.place for line in listed} == {"192.0.2.0/24", "2001:db8:1::/48"}
    assert {line.browser for line in listed} == {"Firefox · Windows"}
    assert people.end_of(anna.id, by=anna.id, at=NOW, but=two.id) == 1
    assert [line.id for line in people.sign_ins(anna.id, at=NOW)] == [two.id]
    assert not people.end(one.id, user_id=None, by=anna.id, at=NOW)


def test_an_invitation_is_mailed_followed_once_and_ends_with_the_password(anna: people.User) -> None:
    new = people.create_user(email="ivo@example.org", name="Ivo", password=None, role="user")
    token = people.invite(new.id, by=anna.id, at=NOW).rpartition("/")[2]
    before = session(new)
    assert people.invited(token) == new
    with pytest.raises(people.AccountRefused):
        people.accept(token, "short", at=NOW)
    people.accept(token, PASSWORD, at=NOW)
    assert people.authenticate(email="ivo@example.org", password=PASSWORD, address="192.0.2.1", at=NOW) == new
    assert not Session.objects.filter(session_key=before.session_id).exists()
    for spent in (token, token[:-2], "nothing"):
        with pytest.raises(people.InvitationRefused):
            people.invited(spent)


def test_a_link_that_two_follow_at_once_is_followed_once(anna: people.User) -> None:
    """The second waits for the first, and finds the link spent."""
    customer = tenancy.current()
    token = people.invite(anna.id, by=anna.id, at=NOW).rpartition("/")[2]
    outcome: list[object] = []

    def follow() -> None:
        with tenancy.scope(customer):
            try:
                outcome.append(people.accept(token, "eleven-other-candles", at=NOW))
            except people.InvitationRefused as refused:
                outcome.append(refused)
            connection.close()

    second = threading.Thread(target=follow)
    with transaction.atomic():
        people.accept(token, "nine-loud-bells-ring", at=NOW)
        second.start()
        second.join(0.5)
        assert second.is_alive(), "it waits for the account"
    second.join(20)
    assert [type(one) for one in outcome] == [people.InvitationRefused]
    assert people.authenticate(email=anna.email, password="nine-loud-bells-ring", address="192.0.2.1", at=NOW) == anna


SITE = people.passkeys.Site(host="calls.example", origin="https://calls.example")


@dataclass
class Device:
    """A software authenticator (W3C Web Authentication section 6.1) with one ES256 key of `user`."""

    user: people.User
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    uses: int = 0

    def __post_init__(self) -> None:
        point = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        Passkey.objects.create(
            id=new_id(at=NOW), user=self.user, credential_id=b"device", public_key=public, sign_count=0, name="D",
            rp_id=SITE.host, made_at=NOW,
        )  # fmt: skip

    def answer(self, challenge: str, *, origin: str = SITE.origin, verified: bool = True) -> str:
        self.uses += 1
        told = json.dumps({"type": "webauthn.get", "challenge": challenge, "origin": origin}).encode()
        flags = b"\x05" if verified else b"\x01"
        state = hashlib.sha256(SITE.host.encode()).digest() + flags + self.uses.to_bytes(4, "big")
        signature = self.key.sign(state + hashlib.sha256(told).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": told, "authenticatorData": state, "signature": signature}
        return json.dumps(
            {
                "id": bytes_to_base64url(b"device"), "rawId": bytes_to_base64url(b"device"), "type": "public-key",
                "response": {name: bytes_to_base64url(value) for name, value in response.items()},
            }
        )  # fmt: skip


def test_a_passkey_answers_the_challenge_that_was_asked_once_and_from_here(anna: people.User) -> None:
    device = Device(anna)
    challenge = people.passkeys.ask(SITE).challenge
    good = device.answer(challenge)
    assert people.passkeys.proved(good, challenge=challenge, site=SITE, at=NOW) == anna
    other = people.create_user(email="eve@example.org", name="Eve", password=PASSWORD, role="user")
    for answer, asked, user in (
        (good, challenge, None),  # its counter was seen
        (device.answer(challenge), "", None),  # nothing was asked
        (device.answer(""), "", None),
        (device.answer(challenge, origin="https://evil.example"), challenge, None),
        (device.answer(challenge, verified=False), challenge, None),
        (device.answer(challenge), challenge, other),
        *((text, challenge, None) for text in ("[" * 90_000, "[]", "{}", '{"rawId": 7}', '{"rawId": "é"}', "")),
    ):
        with pytest.raises(people.FactorRefused):
            people.passkeys.proved(answer, challenge=asked, site=SITE, at=NOW, user=user)
    assert people.passkeys.proved(device.answer(challenge), challenge=challenge, site=SITE, at=NOW) == anna


LIST = (
    "email;name;role;main group;additional groups;number;extension;pbx name\n"
    'ada@list.example;Ada;supervisor;North;"South;East";+39 0584 943301;301;ada.rossi@pbx.example\n'
    "bob@list.example;Bob;;;;;302;\n"
    "bob@list.example;Bob again;;;;;;\n"
    "cid@list.example;Cid;operator;;;;;\n"
    "dan@list.example;;user;;;;;\n"
    "eli@list.example;Eli;user;;South;;;\n"
    "fay@list.example;Fay;user;;;;302;\n"
    "gus@list.example;Gus;user;;;no digits;;\n"
)


def test_good_rows_of_a_list_arrive_and_wrong_ones_say_why(anna: people.User) -> None:
    brought = people.importing.upload(LIST.encode(), region="IT", by=anna.id, at=NOW)
    preview = people.importing.preview(brought, by=anna.id)
    assert [row.values["name"] for row in preview.good] == ["Ada", "Bob"]
    assert preview.new_groups == ("East", "North", "South")
    assert people.User.objects.count() == 1
    with pytest.raises(people.ListRefused):
        people.importing.preview(brought, by=people.create_user(
            email="eve@example.org", name="Eve", password=None, role="administrator"
        ).id)  # fmt: skip
    done = people.importing.bring(brought, invite_them=True, by=anna.id, at=NOW)
    assert (done.added, len(done.wrong)) == (2, 6)
    ada = people.User.objects.get(email="ada@list.example")
    assert (ada.level, ada.main_group.name) == ("group", "North")  # type: ignore[union-attr]
    assert {group.name for group in ada.groups.all()} == {"North", "South", "East"}
    assert [key.value for key in people.match_keys(ada)] == ["+390584943301", "301", "adarossi"]
    assert done.rest is not None
    wrong = people.importing.preview(done.rest, by=anna.id).wrong
    assert [row.wrong.partition(":")[0].partition(".")[0] for row in wrong] == [
        "email", "role", "an account needs a name", "main group", "number, extension or pbx name",
        "a number needs digits",
    ]  # fmt: skip
    worked = obligations.run_due(tenancy.current(), handlers=people.handlers(), now=NOW + timedelta(seconds=1))
    assert worked.failed == 0
    with pytest.raises(people.ListRefused):
        people.importing.bring(brought, invite_them=False, by=anna.id, at=NOW)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"name\nAnn\n", b'email,name\n"a,b\n', b"email,name,email\n"])
def test_what_is_no_list_is_refused_with_a_remedy(anna: people.User, content: bytes) -> None:
    with pytest.raises(people.ListRefused) as refusal:
        people.importing.upload(content, region=None, by=anna.id, at=NOW)
    assert refusal.value.remedy


def test_an_address_that_no_account_keeps_stops_no_list(anna: people.User) -> None:
    long = f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}.example"
    brought = people.importing.upload(
        f"email,name\n{long},L\nok@list.example,O\n".encode(), region=None, by=anna.id, at=NOW
    )
    done = people.importing.bring(brought, invite_them=False, by=anna.id, at=NOW)
    assert (done.added, [row.wrong.partition(".")[0] for row in done.wrong]) == (1, ["the e-mail address is too long"])


def test_a_list_takes_the_room_of_its_people_not_of_its_lines() -> None:
    empty = b"email,name\nann@list.example,Ann\n" + b"\n" * (1 << 19)
    crowd = b"email,name\n" + b"a,b\n" * (1 << 17)
    tracemalloc.start()
    try:
        assert [row.line for row in people.importing.parse(empty, region=None)] == [2]
        with pytest.raises(people.ListRefused, match="more than"):
            people.importing.parse(crowd, region=None)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_an_erased_account_leaves_nothing_beside_it(anna: people.User) -> None:
    user = people.create_user(
        email="x@example.org", name="X", password=PASSWORD, role="user", numbers=["+390584943209"]
    )
    enrolled(user)
    session(user)
    people.set_given(user.id, groups=[], people=[anna.id], by=anna.id, at=NOW)
    people.set_given(anna.id, groups=[], people=[user.id], by=anna.id, at=NOW)
    rows: list[str] = []

    class Written:
        def row(self, table: str, values: object) -> None:
            rows.append(table)

    assert list(people.STORE.write([user.id], Written(), ExportOptions())) == [user.id]  # type: ignore[arg-type]  # writes no file
    assert {"accounts", "sessions", "sees"} <= set(rows)
    people.set_active(user.id, active=False, by=anna.id, at=NOW)
    people.STORE.erase([user.id])
    assert people.STORE.present([user.id]) == frozenset()
    assert not anna.sees.exists()
