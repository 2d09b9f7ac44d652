"""nShift Delivery (formerly Unifaun), by its public REST interface APIConnect, version 1.

A parcel is stored under its key first and printed then, which makes it a booking: what was stored can be looked for by
its key, what was printed cannot. A parcel that is not found among the stored ones, and may have been printed, is lost.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any

import httpx
import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from router.carriers.system import Account, Booked, Gone, Lost, NotNow, ParcelToBook, Refused, Unanswered
from shared.contracts import AdditionalService, Party

PUBLIC = "https://api.unifaun.com/rs-extapi/v1"

LABEL = {"target1Media": "thermo-190", "target1Type": "pdf"}
"""How labels are printed: PDF of 107 x 190 mm."""

ATTRIBUTES = frozenset({"amount", "account", "accountType", "bank", "currencyCode", "custNo", "misc", "reference"})
"""The details of an additional service that nShift knows, by their names there."""

WAIT_S = 20.0
MOST_BYTES = 10_000_000
"""The longest wait for an answer's next part, and the largest answer."""


def _plain(text: str) -> str:
    # What is no character to be read cannot be kept, and what cannot be kept would be asked for again and again.
    return "".join(one for one in text if one.isprintable())


Text = Annotated[str, AfterValidator(_plain)]


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", coerce_numbers_to_str=True)


class _Status(_Answer):
    message: Text = ""
    field: Text = ""
    type: str = ""


class _Stored(_Answer):
    id: Text
    status: Text = ""
    order_no: str | None = None
    statuses: tuple[_Status, ...] | None = None


class _Parcel(_Answer):
    parcel_no: Text | None = None


class _Print(_Answer):
    id: str
    description: str | None = None
    data: str | None = None


class _Shipment(_Answer):
    id: Text
    parcels: tuple[_Parcel, ...] = ()
    prints: tuple[_Print, ...] | None = None


STORED, SHIPMENTS, STATUSES = TypeAdapter(_Stored), TypeAdapter(list[_Shipment]), TypeAdapter(list[_Status])
FOUND, PRINTS = TypeAdapter(list[_Stored]), TypeAdapter(list[_Print])


class NShift:
    """nShift at an address. `transport` takes the place of the network."""

    def __init__(self, address: str = PUBLIC, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.address = address
        self._transport = transport
        self._opened: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close the connections."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.aclose()

    @property
    def _client(self) -> httpx.AsyncClient:
        # Not before it is needed: most systems have nobody who books at nShift.
        if self._opened is None:
            self._opened = httpx.AsyncClient(
                base_url=self.address, transport=self._transport, timeout=WAIT_S, follow_redirects=False
            )
        return self._opened

    async def book(self, parcel: ParcelToBook, account: Account, *, maybe_booked: bool) -> Booked:
        """Store the parcel and print it; see `System`."""
        stored = await self._stored(parcel.key, account) if maybe_booked else None
        if stored is None:
            if maybe_booked:
                raise Lost(
                    "nShift did not answer an earlier try, and may have booked the parcel: look there for order number"
                    f" {parcel.key}, and give its code here, or book it again"
                )
            answer = await self._ask("POST", "/stored-shipments", account, body=_shipment(parcel, account))
            stored = _read(STORED, answer)
        if stored.status.upper() not in ("READY", "WARNED", ""):
            await self._forgotten(stored, parcel, account, maybe_booked=maybe_booked)
            raise Refused(_told(stored.statuses or ()) or f"nShift calls the parcel {stored.status}")
        try:
            printed = await self._ask(
                "POST", f"/stored-shipments/{stored.id}/shipments", account, {"returnFile": "true"}, LABEL
            )
        except Gone as error:
            # An earlier try, which was not answered, may have printed it just now.
            raise Lost(_look_for(parcel)) from error
        except Refused:
            await self._forgotten(stored, parcel, account, maybe_booked=maybe_booked)
            raise
        except NotNow as error:
            # It is stored, and is to be found again rather than stored twice.
            raise Unanswered(str(error)) from error
        shipments = _read(SHIPMENTS, printed)
        codes = tuple(one.parcel_no for shipment in shipments for one in shipment.parcels if one.parcel_no)
        if not shipments or not codes:
            raise Lost(f"nShift booked order number {parcel.key} and told no code: look there, and give it here")
        prints = [one for shipment in shipments for one in shipment.prints or ()]
        return Booked(shipments[0].id, codes, _label(prints))

    async def label(self, carrier_id: str, account: Account) -> bytes:
        """The label, printed anew; see `System`."""
        answer = await self._ask("GET", f"/shipments/{carrier_id}/prints", account, {"returnFile": "true"})
        label = _label(_read(PRINTS, answer))
        if label is None:
            raise Refused("nShift has no label of the parcel any more")
        return label

    async def cancel(self, carrier_id: str, account: Account) -> None:
        """Discard a printed shipment, so that nothing of it is sent to the carrier; see `System`."""
        await self._ask("DELETE", f"/shipments/{carrier_id}", account)

    async def withdraw(self, key: str, account: Account) -> None:
        """Delete what is stored under a key and not printed; see `System`."""
        lost = f"nShift may have booked the parcel: look there for order number {key}, and discard it"
        stored = await self._stored(key, account)
        if stored is None:
            raise Lost(lost)
        try:
            await self._ask("DELETE", f"/stored-shipments/{stored.id}", account)
        except Refused as error:
            # It is not what it was when it was found: printed, by a try that was not answered.
            raise Lost(lost) from error

    async def _forgotten(self, stored: _Stored, parcel: ParcelToBook, account: Account, *, maybe_booked: bool) -> None:
        """Delete what is stored and will not be printed.

        Raises Unanswered if it is to be found once more instead, and Lost if an earlier try may have printed it.
        """
        try:
            await self._ask("DELETE", f"/stored-shipments/{stored.id}", account)
        except NotNow as error:
            raise Unanswered(str(error)) from error
        except Refused as error:
            if maybe_booked:
                # The earlier one, which was not answered, may be why: nShift is just done with its print.
                raise Lost(_look_for(parcel)) from error
            if not isinstance(error, Gone):
                raise

    async def _stored(self, key: str, account: Account) -> _Stored | None:
        query = {"searchField": "orderNo", "searchOp": "equals", "searchValue": key}
        try:
            found = _read(FOUND, await self._ask("GET", "/stored-shipments", account, query))
        except Refused as error:
            # To look is refused, not the parcel: whether that is booked is as unknown as before.
            raise Unanswered(str(error)) from error
        return next((stored for stored in found if stored.order_no == key), None)

    async def _ask(
        self,
        method: str,
        path: str,
        account: Account,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The body of a successful answer."""
        request = self._client.build_request(
            method,
            path,
            params=query,
            content=None if body is None else orjson.dumps(body),
            headers={"Accept": "application/json", **({} if body is None else {"Content-Type": "application/json"})},
        )
        try:
            response = await self._client.send(request, auth=(account.user, account.secret), stream=True)
            try:
                content = await _content(response)
            finally:
                await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotNow(f"nShift cannot be reached: {type(error).__name__}") from error
        except httpx.HTTPError as error:
            raise Unanswered(f"nShift did not answer: {type(error).__name__}") from error
        if response.is_success:
            return content
        raise _refusal(response.status_code, content)


async def _content(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise Unanswered(f"nShift's answer is larger than {MOST_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _refusal(status: int, content: bytes) -> Exception:
    """What an answer means that is no success."""
    if status == 422:
        try:
            said = _told(STATUSES.validate_json(content))
        except ValidationError:
            said = ""
        return Refused(said or "nShift refuses the parcel and does not say why")
    if status in (401, 403):
        return NotNow(f"nShift does not let the catalogue's account in ({status})")
    if status == 429:
        return NotNow("nShift is asked too often (429)")
    if status >= 500 or status == 408:
        return Unanswered(f"nShift failed ({status})")
    if status in (404, 410):
        return Gone("nShift has no such parcel in the catalogue's account")
    return Refused(f"nShift refuses: {status} {_plain(content[:200].decode(errors='replace'))}")


def _look_for(parcel: ParcelToBook) -> str:
    return f"nShift may have booked the parcel: look there for order number {parcel.key}"


def _told(statuses: tuple[_Status, ...] | list[_Status]) -> str:
    """What is wrong, in the carrier's words; what may be ignored is left out unless there is nothing else."""
    errors = [one for one in statuses if one.type == "error"] or list(statuses)
    return "; ".join(f"{one.field}: {one.message}" if one.field else one.message for one in errors)[:1_000]


def _read(kind: TypeAdapter[Any], content: bytes) -> Any:
    try:
        return kind.validate_json(content)
    except ValidationError as error:
        raise Unanswered("nShift's answer cannot be read") from error


def _label(prints: list[_Print]) -> bytes | None:
    """The first print that came along. Labels come first; other papers, such as a waybill, follow."""
    for one in prints:
        if one.data:
            try:
                return b64decode(one.data, validate=True)
            except ValueError:
                continue
    return None


def _shipment(parcel: ParcelToBook, account: Account) -> dict[str, Any]:
    given = {
        "sender": {"quickId": account.sender_quick_id} if account.sender_quick_id else _party(parcel.sender),
        "receiver": _party(parcel.receiver),
        "service": {
            "id": parcel.service_code,
            "addons": [_addon(service) for service in parcel.additional_services],
        },
        "agent": None if parcel.pickup_point_id is None else {"quickId": parcel.pickup_point_id},
        "parcels": [
            _known(
                {
                    "copies": 1,
                    "weight": None if parcel.weight is None else float(parcel.weight),
                    "contents": parcel.contents[:100] or None,
                    "packageCode": parcel.package_type,
                    "valuePerParcel": True,
                }
            )
        ],
        "orderNo": parcel.key,
        "senderReference": parcel.reference,
    }
    return _known(given)


def _party(party: Party | None) -> dict[str, Any] | None:
    if party is None:
        return None
    # Further lines, such as the pickup point a parcel is sent to, have a field of their own.
    lines = [line.strip() for line in (party.street_address or "").splitlines() if line.strip()]
    return _known(
        {
            "name": " ".join((party.name or "").split()) or None,
            "address1": lines[0] if lines else None,
            "address2": ", ".join(lines[1:]) or None,
            "zipcode": party.postal_code,
            "city": party.post_office,
            "country": party.country,
            "mobile": party.telephone,
            "email": party.email,
        }
    )


def _addon(service: AdditionalService) -> dict[str, Any]:
    named = {one.name: one.value for one in service.attributes if one.name in ATTRIBUTES}
    return {"id": service.service_code, **_known({"misc": service.email or service.telephone}), **named}


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
