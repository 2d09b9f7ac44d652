"""A stand-in for nShift: it stores, prints and discards as its public documents say, and notes what it was asked."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import httpx

LABEL = b"%PDF-1.4 nShift's label"


class StandIn(httpx.AsyncBaseTransport):
    """nShift at the other end of a network.

    Faults strike one request each, by its method and the last part of its path: `before` it reaches nShift, or `after`
    nShift has done it, on the way back. One with a gate is answered when that is opened. `told` are the parcels.
    """

    def __init__(self, user: str = "USER", secret: str = "SECRET") -> None:
        self.login = "Basic " + b64encode(f"{user}:{secret}".encode()).decode()
        self.told: list[dict[str, Any]] = []
        self.stored: dict[str, str] = {}
        self.printed: dict[str, str] = {}
        self.discarded: list[str] = []
        self.asked: list[str] = []
        self.before: dict[str, Callable[[], httpx.Response]] = {}
        self.after: dict[str, Callable[[], httpx.Response]] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self._last = 100

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Do as nShift does."""
        what = f"{request.method} {request.url.path.rsplit('/', 1)[-1]}"
        self.asked.append(what)
        if gate := self.gates.pop(what, None):
            await gate.wait()
        if fault := self.before.pop(what, None):
            return fault()
        if request.headers["authorization"] != self.login:
            return httpx.Response(401)
        answer = self._done(request)
        if fault := self.after.pop(what, None):
            return fault()
        return answer

    def _done(self, request: httpx.Request) -> httpx.Response:
        match request.method, *request.url.path.strip("/").split("/")[1:]:
            case "POST", "stored-shipments":
                self.told.append(json.loads(request.content))
                key = str(self.told[-1]["orderNo"])
                self.stored[self._id()] = key
                return httpx.Response(201, json={"id": str(self._last), "status": "READY", "orderNo": key})
            case "GET", "stored-shipments":
                wanted = request.url.params["searchValue"]
                found = [
                    {"id": one, "status": "READY", "orderNo": key} for one, key in self.stored.items() if key == wanted
                ]
                return httpx.Response(200, json=found)
            case "POST", "stored-shipments", stored, "shipments":
                self.printed[self._id()] = self.stored.pop(stored)
                made = {"id": str(self._last), "parcels": [{"parcelNo": f"NS{self._last}"}], "prints": []}
                return httpx.Response(201, json=[made])
            case "GET", "shipments", _, "prints":
                return httpx.Response(200, json=[{"id": "1", "data": b64encode(LABEL).decode()}])
            case "DELETE", "stored-shipments", stored if stored in self.stored:
                del self.stored[stored]
                return httpx.Response(204)
            case "DELETE", "shipments", printed:
                self.discarded.append(printed)
                return httpx.Response(204)
        return httpx.Response(404)

    def _id(self) -> str:
        self._last += 1
        return str(self._last)


def lost() -> httpx.Response:
    """An answer that never comes."""
    raise httpx.ReadTimeout("no answer")
