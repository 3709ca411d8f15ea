"""The log over HTTP: an independent program reads and verifies all of it (acceptance line 8)."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path
from tests.support.ledger_peer import aics_tlog
from tests.support.logs import countersign, integrate_all, record_many, signer_of

from parley.ledger import api as ledger
from parley.tenancy import api as tenancy

urlpatterns = [path("log/", include("parley.web.log.urls"))]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that is none of the log's."""
    return HttpResponse(status=404)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Nothing: a test's requests are no news."""


@pytest.fixture(scope="module")
def log(make_customer) -> tenancy.Customer:
    """600 entries, countersigned, then 30 more."""
    customer = make_customer()
    record_many(customer, 600)
    integrate_all(customer)
    countersign(customer)
    record_many(customer, 30)
    integrate_all(customer)
    countersign(customer)
    return customer


@pytest.fixture(scope="module")
def address(log: tenancy.Customer) -> Iterator[str]:
    """The log's prefix on a server of its own."""
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["127.0.0.1"]):
        server = make_server("127.0.0.1", 0, WSGIHandler(), handler_class=_Quiet)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/log/{log.log_id}/"
        server.shutdown()
        thread.join()
        server.server_close()


def get(url: str) -> tuple[int, bytes, dict[str, str]]:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def test_the_peer_audits_the_whole_log(log, address, tmp_path):
    peer = aics_tlog()
    reader = peer.HttpTileReader(address, tmp_path, proxies={})
    result = peer.verify_checkpoint(
        peer.parse_note(reader.read_checkpoint()),
        peer.parse_vkey(str(signer_of(log).log_key)),
        [peer.parse_vkey(str(signer_of(tenancy.provider()).cosigner_key))],
        1,
        expected_origin=ledger.log_origin(log_id=log.log_id),
    )
    assert (result.ok, result.size) == (True, 630)
    report = peer.audit_tiles(reader, result.size, result.root)
    assert (report.tiles, report.bundles) == (4, 3)
    verified = peer.VerifiedTileReader(reader, result.size, result.root)
    proof = peer.inclusion_proof_from_tiles(verified, 300, result.size)
    entry = peer.read_entry(verified, 300, result.size)
    assert peer.verify_leaf_inclusion(entry, 300, result.size, proof, result.root)
    growth = peer.consistency_proof_from_tiles(verified, 600, result.size)
    old_root = peer.tree_root_from_tiles(verified, 600, result.size)
    assert peer.verify_consistency(600, result.size, old_root, result.root, growth)
    assert reader.stats["errors"] == 0


def test_what_the_tiles_prove_is_what_the_bundle_proves(log, address):
    peer = aics_tlog()
    reader = peer.HttpTileReader(address, proxies={})
    with tenancy.connect(log) as conn, conn.cursor() as cursor:
        ours = ledger.inclusion(cursor, index=300, size=630)
    assert ours == peer.inclusion_proof_from_tiles(reader, 300, 630)


def test_answers_can_be_cached_for_ever_but_the_checkpoint(address):
    for resource in ("tile/0/000", "tile/entries/000", "tile/0/002.p/118", "tile/1/000.p/2"):
        status, _, headers = get(address + resource)
        assert status == 200
        assert "immutable" in headers["Cache-Control"]
        assert headers["Content-Type"] == "application/octet-stream"
    status, note, headers = get(address + "checkpoint")
    assert (status, headers["Cache-Control"]) == (200, "no-cache")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert note.count("— ".encode()) == 2


def test_a_narrower_tile_is_a_prefix(address):
    _, whole, _ = get(address + "tile/0/002.p/118")
    for width in (1, 88, 117):
        assert get(address + f"tile/0/002.p/{width}")[1] == whole[: 32 * width]


@pytest.mark.parametrize(
    "resource",
    [
        "tile/0/002", "tile/0/002.p/119", "tile/0/003.p/1", "tile/1/000", "tile/1/000.p/3", "tile/2/000.p/1",
        "tile/0/000.p/256", "tile/0/000.p/0", "tile/0/000.p/01", "tile/00/000", "tile/0/0", "tile/0/0000",
        "tile/0/x000/000", "tile/0/x000/x000/002", "tile/8/000", "tile/64/000", "tile/-1/000", "tile/entries/002",
        "tile/entries/002.p/119", "tile/0/x999/x999/x999/x999/x999/999", "tile/0/000/", "tile/0/000%0a", "", "tile",
        "checkpoint/", "../checkpoint", "tile/0/000.p/", "tile/0/٠٠٠",
    ],
)  # fmt: skip
def test_there_is_nothing_else(address, resource):
    assert get(address + urllib.request.quote(resource, safe="/%"))[0] in {404, 400}


def test_an_unknown_or_empty_log_is_not_found(address, make_customer):
    empty = make_customer()
    root = address.rsplit("/", 2)[0]
    for log_id in (empty.log_id, "0" * 16, "x'--", "%00"):
        assert get(f"{root}/{log_id}/checkpoint")[0] == 404
    assert get(f"{root}/{empty.log_id}/tile/0/000.p/1")[0] == 404


def test_only_reading_is_possible(address):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        request = urllib.request.Request(address + "checkpoint", method=method, data=b"")
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10)
        assert caught.value.code == 405
        caught.value.close()
