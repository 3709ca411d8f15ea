"""The quick way to E.164 answers what the parser answers."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from parley.contacts.quick_numbers import _CODES, _quick
from parley.contacts.quick_numbers import canonical_number as quick
from parley.foundation.numbers import canonical_number as parsed

REGIONS = [None, "IT", "DE", "FR", "GB", "US", "AR", "MX", "BR", "CH", "VA", "CA", "RU", "KZ", "JP", "SM", "AT", "NZ"]
CODES = st.sampled_from(sorted(_CODES))
DIGITS = st.text("0123456789", min_size=0, max_size=18)
SPACED = st.text("0123456789 -()/.", max_size=24)


@settings(max_examples=1500, deadline=None)
@given(
    raw=st.one_of(
        st.tuples(st.sampled_from(["+", "00", "+ "]), CODES, DIGITS).map("".join),
        DIGITS,
        SPACED,
        st.tuples(st.sampled_from(["0", "1", "8", "06", "044", "15", "011", "39", "+390"]), DIGITS).map("".join),
        st.text(max_size=12),
    ),
    region=st.sampled_from(REGIONS),
)
@example("+390584943232", None)
@example("0584 94 32 32", "IT")
@example("030 901820", "DE")
@example("+49 (0)30 901820", None)
@example("4077", "IT")
@example("reception", "IT")
@example("٠٥٨٤٩٤٣٢٣٢", "IT")
@example("+5491112345678", None)
@example("00", None)
@example("+", None)
def test_the_quick_way_answers_what_the_parser_answers(raw: str, region: str | None) -> None:
    assert quick(raw, region) == parsed(raw, region)


def test_common_forms_do_not_need_the_parser() -> None:
    assert _quick("+390584943232", None) == "+390584943232"
    assert _quick("+4930901820", None) == "+4930901820"
    assert _quick("030901820", "DE") == "+4930901820"
    assert _quick("0145678901", "FR") == "+33145678901"
    assert _quick("+12125550123", None) == "+12125550123"
