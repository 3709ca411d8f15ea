"""vCard and LDIF: what real telephones and directories write, and what must not get through."""

import base64
import io

import pytest

from parley.contacts.formats.reading import read_table
from parley.contacts.formats.types import CARD_COLUMNS, Card, Limits, Row, UnreadableFile
from parley.contacts.formats.writing import write_ldif, write_vcards


def rows_of(content: str | bytes, **limits: int) -> list[Row]:
    raw = content.encode() if isinstance(content, str) else content
    return list(read_table(io.BytesIO(raw), limits=Limits(**limits)).rows)


def values(row: Row) -> dict[str, str]:
    return {name: cell for name, cell in zip(CARD_COLUMNS, row.cells, strict=True) if cell}


def test_vcard_of_an_old_telephone() -> None:
    content = (
        "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;\r\n"
        "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg=20M=C3=BC=\r\nller\r\nTEL;CELL;PREF:0171 555\r\n"
        "TEL;WORK;FAX:030 1\r\nPHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ\r\n SkZJRg\r\n\r\nEND:VCARD\r\n"
    )
    (row,) = rows_of(content)
    assert not row.why
    assert values(row) == {
        "name": "Jörg Müller", "given name": "Jörg", "family name": "Müller", "mobile": "0171 555", "fax": "030 1"
    }  # fmt: skip


def test_vcard_4_with_groups_uris_folds_and_escapes() -> None:
    content = (
        'BEGIN:VCARD\nVERSION:4.0\nFN:Ann \n Keeper\nitem1.TEL;VALUE=uri;TYPE="work,voice":tel:+39-0584-943232;ext=5\n'
        "item1.X-ABLabel:desk\nTEL;TYPE=cell:+39 333\nEMAIL;TYPE=work:ann@example.org\nEMAIL:b@example.org\n"
        "ORG:Keepers\\; Inc.;Vault\nNOTE:one\\ntwo\\, three\nADR:;;Via Roma 1;Lucca;LU;55100;Italy\n"
        "CATEGORIES:friends,press\nKEY:data:x\nEND:VCARD\nBEGIN:VCARD\nFN:Bo\nEND:VCARD\n"
    )
    first, second = rows_of(content)
    seen = values(first)
    assert seen["name"] == "Ann Keeper"
    assert seen["work number"] == "+39-0584-943232"
    assert seen["mobile"] == "+39 333"
    assert seen["email"] == "ann@example.org\nb@example.org"
    assert (seen["organisation"], seen["department"]) == ("Keepers; Inc.", "Vault")
    assert seen["note"] == "one\ntwo, three"
    assert seen["address"] == "Via Roma 1, Lucca, LU, 55100, Italy"
    assert values(second) == {"name": "Bo"}
    assert (first.line, second.line) == (1, 16)


def test_broken_cards_cost_no_other() -> None:
    content = (
        "BEGIN:VCARD\nFN:Ann\nBEGIN:VCARD\nFN:Bo\nEND:VCARD\nBEGIN:VCARD\nEND:VCARD\n"
        "BEGIN:VCARD\nFN:Cy\nNOTE:" + "x" * 2_000_000 + "\nEND:VCARD\nBEGIN:VCARD\nFN:Di\nEND:VCARD\nBEGIN:VCARD\nFN:Ed"
    )
    rows = rows_of(content)
    assert [values(row).get("name") for row in rows] == ["Ann", "Bo", None, "Cy", "Di", "Ed"]
    assert [bool(row.why) for row in rows] == [True, False, True, True, False, True]
    assert "END:VCARD is missing" in rows[0].why
    assert "holds nothing" in rows[2].why
    assert "line 10, NOTE: the value is too long" in rows[3].why


def test_a_picture_of_ten_megabytes_is_left_out() -> None:
    picture = "\r\n ".join(["A" * 74] * 140_000)
    (row,) = rows_of(f"BEGIN:VCARD\r\nFN:Ann\r\nPHOTO;ENCODING=b:{picture}\r\nEND:VCARD\r\n")
    assert not row.why
    assert values(row) == {"name": "Ann"}


def test_too_many_cards_end_it() -> None:
    with pytest.raises(UnreadableFile, match="more than 2 cards"):
        rows_of("BEGIN:VCARD\nFN:A\nEND:VCARD\n" * 3, rows=2)


def test_ldif_of_a_directory() -> None:
    name = base64.b64encode("Jörg Müller".encode()).decode()
    content = (
        f"version: 1\n\n# people\ndn: cn=x,ou=people\nobjectClass: inetOrgPerson\ncn:: {name}\nsn: Müller\n"
        "givenName;lang-de: Jörg\ntelephoneNumber: +49 30 1\nmobile: 0171\nmail: j@exa\n mple.org\n"
        "jpegPhoto:: /9j/4AAQ\npostalAddress: Weg 1$10115 Berlin\n\n"
        "dn: ou=people\nobjectClass: organizationalUnit\nou: people\n\n"
        "dn: cn=b\ncn:< file:///etc/passwd\n\ndn: cn=c\nchangetype: delete\n\ndn: cn=d\ncn:: %%%\n\n"
        "cn: no dn\n\ndn: cn=e\ncn: Ed\nnonsense\n\ndn: cn=f\ncn: Flo\n"
    )
    rows = rows_of(content)
    assert values(rows[0]) == {
        "name": "Jörg Müller", "given name": "Jörg", "family name": "Müller", "work number": "+49 30 1",
        "mobile": "0171", "email": "j@example.org", "address": "Weg 1, 10115 Berlin",
    }  # fmt: skip
    assert "refers to an address, which is not fetched" in rows[1].why
    assert "changetype: delete" in rows[2].why
    assert "not base64" in rows[3].why
    assert "begins with “dn:”" in rows[4].why
    assert "no “:”" in rows[5].why
    assert values(rows[6]) == {"name": "Flo"}


FULL = Card(
    name="Ann =Kee, per; ü", given="Ann", family="Kee, per", organisation="Keepers; Inc.", department="Vault",
    title="Head\\Lead", numbers=(("mobile", "+39333"), ("work", "+390584943232"), ("home", "1"), ("fax", "2")),
    emails=(("", "ann@example.org"), ("", "b@example.org")), address="Via Roma 1, Lucca", website="https://e.org/?a=b;c",
    note="one\ntwo, " + "long ü " * 40 + "end", categories=("friends", "press"), uid="urn:uuid:1",
)  # fmt: skip


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_a_card_comes_back_as_it_was(version: str) -> None:
    target = io.BytesIO()
    write_vcards(target, [FULL], version=version)  # type: ignore[arg-type]
    assert all(len(line) <= 75 for line in target.getvalue().split(b"\r\n"))
    (row,) = rows_of(target.getvalue())
    assert row.cells == FULL.cells()


def test_an_entry_comes_back_as_it_was() -> None:
    target = io.BytesIO()
    write_ldif(target, [FULL, Card(name=" led by space"), Card(numbers=(("", "1"),))])
    rows = rows_of(target.getvalue())
    assert rows[0].cells == FULL.cells()
    assert len(rows) == 3
