"""Who may ask the recorder at all: sources and the trunks that they belong to, how often they may ask, and what is told
of a call that is turned away. No socket, no clock.
"""

import contextlib
from collections.abc import Callable
from datetime import datetime

import structlog

from parley.daemons.signalling.limits import RateLimit
from parley.daemons.signalling.manifest import Manifests
from parley.daemons.signalling.ports import Directory
from parley.daemons.signalling.steering import Troubles, cause_of, policies_of
from parley.daemons.signalling.table import Call, CallTable
from parley.recordings.offers import Offer, Refusal, read_offer
from parley.recordings.policies import Decision, decide
from parley.tenancy.api import TrunkEntry
from parley.wire.sip import api as sip

_log = structlog.get_logger()
_IGNORED = "strangers ask too often"


class Admission:
    """Admits sources of one recorder. `directory` gives the trunks, None while they are not read; `clock` wall time;
    `now`, set before each message, is monotonic seconds."""

    def __init__(
        self,
        *,
        directory: Callable[[], Directory | None],
        table: CallTable,
        manifests: Manifests,
        troubles: Troubles,
        clock: Callable[[], datetime],
        stranger_rate: float,
        invite_rate: float,
    ) -> None:
        self.directory = directory
        self.now = 0.0
        self._table, self._manifests, self._troubles, self._clock = table, manifests, troubles, clock
        self._strangers = RateLimit(per_second=stranger_rate, burst=4 * stranger_rate)
        self._trusted = RateLimit(per_second=invite_rate, burst=2 * invite_rate)
        self._ignored = 0

    def trunk(self, flow: sip.Flow, request: sip.Request) -> TrunkEntry | None:
        """The trunk that a request comes from.

        A connection comes from any port of its machine: there the port that the sender's Via names stands for it.
        """
        directory = self.directory()
        if directory is None:
            return None
        host, port = flow.remote
        trunk = directory.find(host, port)
        if trunk is None and flow.reliable and request.vias:
            trunk = directory.find(host, request.vias[0].port or 5060)
        return trunk

    def belongs(self, call: Call, flow: sip.Flow, request: sip.Request) -> bool:
        """Whether a request in the dialog of `call` comes from where the call came from, or from its trunk."""
        trunk = self.trunk(flow, request)
        return flow.remote[0] == call.flow.remote[0] or (trunk is not None and trunk.trunk_id == call.trunk.trunk_id)

    def stranger(self, flow: sip.Flow, request: sip.Request) -> sip.Answer | None:
        """The answer for a source that belongs to no trunk (none when it asks too often), or that calls too fast."""
        call = self._table.of_dialog(request) or self._table.of_invite(request)
        if call is not None and self.belongs(call, flow, request):
            return None  # the trunk was taken away while the call went on, or is not read yet: it may still end
        if self.directory() is None:
            return sip.Answer(503, "trunks are not known yet", (("Retry-After", "5"),))
        if self.trunk(flow, request) is not None:
            if request.method != "INVITE" or self._trusted.allows(flow.remote[0], now=self.now):
                return None
            return sip.Answer(503, "calls come too fast", (("Retry-After", "1"),))
        if not self._strangers.allows(flow.remote[0], now=self.now):
            return sip.Answer(0, _IGNORED)
        return sip.Answer(403, "source belongs to no trunk")

    def policy(self, request: sip.Request, trunk: TrunkEntry, offer: Offer | None) -> Decision:
        """What the customer's policies say of a call that is offered."""
        facts = self._manifests.facts(offer=offer, trunk=trunk, request=request, at=self._clock())
        return decide(policies_of(trunk), facts)

    def refused(self, event: sip.Refused) -> None:
        """The endpoint refused a message by itself, as `stranger` or its own rules say."""
        if event.reason == _IGNORED:
            self._ignored += 1
            return
        directory, cause = self.directory(), cause_of(sip.Answer(event.code, event.reason))
        trunk = directory.find(*event.flow.remote) if directory is not None and cause == "too-many" else None
        if trunk is not None and cause is not None:
            at = self._clock()
            self._troubles.refused(trunk, cause=cause, call=at.isoformat(), at=at)
        _log.info("sip.refused", code=event.code, reason=event.reason, transport=event.flow.protocol)

    def say_ignored(self) -> None:
        """Once a second or so: how many messages of strangers got no answer."""
        if self._ignored:
            _log.warning("sip.ignored", messages=self._ignored, reason=_IGNORED)
            self._ignored = 0

    def turned_away(self, event: sip.RequestArrived, answer: sip.Answer) -> None:
        """A request got this refusal before there was a call."""
        trunk = self.trunk(event.flow, event.request)
        if trunk is not None and self._table.of_invite(event.request) is None:
            self.missed(event.request, trunk, answer)

    def missed(
        self,
        request: sip.Request,
        trunk: TrunkEntry,
        answer: sip.Answer,
        decision: Decision | None = None,
        clause: str = "",
    ) -> None:
        """A first INVITE is refused: somebody hears of it, unless policy does not want the call recorded."""
        cause = cause_of(answer)
        if cause is None or request.method != "INVITE" or request.to_tag is not None:
            return
        if decision is None:
            offer = None
            with contextlib.suppress(Refusal):
                offer = read_offer(request, initial=False)
            decision = self.policy(request, trunk, offer)
        if decision.to_record:
            self._troubles.refused(trunk, cause=cause, call=request.call_id, at=self._clock(), clause=clause)
