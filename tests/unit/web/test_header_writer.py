"""The header that the browser writes anew is the one that the server takes, the new keys open and the page itself
reads: a part with a tail plays on."""

import io
import json
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from tests.support.captures import pcap
from tests.unit.web.test_sealed_reader import IDENTITY, MODULES, NODE, ROOT, Written, rough_call

from parley.sealing.api import (
    SealedKind,
    generate_identity,
    open_bytes,
    replacement,
    require_rewritten,
    seal_bytes,
    stored_header,
)

NEW, SECOND = generate_identity(), generate_identity()
RECIPIENTS = [NEW.recipient, SECOND.recipient]


def in_the_browser(header: bytes, *secrets: str) -> dict[str, Any]:
    order = {
        "modules": str(MODULES), "identities": secrets, "recipients": RECIPIENTS, "header": b64encode(header).decode(),
    }  # fmt: skip
    done = subprocess.run(
        [NODE, ROOT / "tests/support/header_writer.mjs"], input=json.dumps(order), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def resealed(stored: bytes, kind: SealedKind) -> bytes:
    source = io.BytesIO(stored)
    old = stored_header(source, kind) or b""
    made = in_the_browser(old, generate_identity().secret, IDENTITY.secret)
    new = b64decode(made["header"])
    require_rewritten(old, new, proof=b64decode(made["proof"]), recipients=2)
    change = replacement(source, kind, new)
    return change.head + stored[change.replaces :]


def test_each_new_key_opens_what_the_browser_sealed_anew_and_the_old_one_does_not() -> None:
    sealed = resealed(seal_bytes(b"word", [IDENTITY.recipient]), "age")
    assert open_bytes(sealed, [NEW]) == open_bytes(sealed, [SECOND]) == b"word"
    header = stored_header(io.BytesIO(sealed), "age") or b""
    assert in_the_browser(header, IDENTITY.secret) == {"error": "no-key"}
    altered = header.replace(b"--- ", b"--- A", 1)
    assert in_the_browser(altered, NEW.secret) == {"error": "altered"}


def test_a_part_with_a_tail_plays_as_before(tmp_path: Path) -> None:
    written = Written(tmp_path)
    written.crashed(pcap(rough_call()))
    before = written.play()
    sound = written.sound().copy()
    for name in written.parts[0]:
        path = Path(str(name))
        path.write_bytes(resealed(path.read_bytes(), "tail" if path.suffix == ".tail" else "age"))
    assert written.play() == {"error": "no-key", "message": "None of your keys opens this: it was sealed to others."}
    (tmp_path / "played.wav").unlink()
    after = written.play(identity=NEW.secret)
    assert after["parts"] == before["parts"] and after["parts"][0]["recovered"] > 0
    assert (written.sound() == sound).all()
