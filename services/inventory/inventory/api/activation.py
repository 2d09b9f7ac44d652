"""Activation: a retailer asks for a catalogue, its supplier answers, and either of them may end it."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from inventory import domain, opening, store
from inventory.api import public_catalogues
from inventory.api.catalogue_bodies import (
    ActivationAnswer,
    ActivationBody,
    PartiesBody,
    activation_answer,
    body_of,
)
from inventory.api.requests import CatalogueInPath, Party, RetailerId, database
from inventory.domain import Hindrance, Side, Wish
from inventory.store import StoredCatalogue
from inventory.turns import Turns
from shared import edge, outbox, problems, wire
from shared.postgres import Transaction

api = APIRouter(tags=["catalogues"])

ADDRESS = "/ecommerce/v3/catalogs/{catalogue_id}/activation"
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"description": "The state it is in does not allow that, or the retailer has another catalogue with this id"}
}


@api.get(ADDRESS, summary="Show where a catalogue's two sides stand", response_model=ActivationAnswer)
async def show_activation(
    request: Request, caller: Party, catalogue_id: CatalogueInPath, retailer_id: RetailerId = None
) -> Response:
    """For the retailer and for the supplier; a supplier names the retailer where several have the id."""
    async with database(request).transaction_of(caller.organisation) as tx:
        found = await _the_one(tx, caller.organisation, catalogue_id, retailer_id)
    return wire.answer(activation_answer(found))


@api.put(
    ADDRESS,
    summary="Ask for a catalogue, or answer a retailer that asks",
    response_model=ActivationAnswer,
    responses=CONFLICT,
    openapi_extra=body_of(ActivationBody),
)
async def put_activation(
    request: Request, caller: Party, catalogue_id: CatalogueInPath, retailer_id: RetailerId = None
) -> Response:
    """A supplier says active or declined. A retailer asks: for a public catalogue, or again for its own one.

    A retailer's approved catalogue has all products of the public one, with their stock and prices to begin with.
    """
    body = ActivationBody.model_validate_json(await edge.read_body(request))
    retailer_id = body.retailer_id or retailer_id
    if body.state in ("active", "declined"):
        if "supplier" not in caller.roles:
            raise problems.Refused(403, "Only a supplier activates or declines; leave the state out to ask for it")
        wish: Wish = "activate" if body.state == "active" else "decline"
        saved = await _answer(request, caller.organisation, catalogue_id, retailer_id, wish)
    elif body.state is None and ("retailer" not in caller.roles or retailer_id not in (None, caller.organisation)):
        error = problems.FieldError("state", "missing", "is active or declined to answer a retailer that asks")
        raise problems.invalid([error])
    elif "retailer" not in caller.roles:
        raise problems.Refused(403, "Only a retailer asks for a catalogue")
    else:
        async with database(request).transaction_of(caller.organisation) as tx:
            saved = await _ask(tx, caller.organisation, catalogue_id, body)
    return wire.answer(activation_answer(saved))


@api.delete(
    ADDRESS,
    summary="Withdraw from a catalogue",
    response_model=ActivationAnswer,
    responses=CONFLICT,
    openapi_extra=body_of(PartiesBody, required=False),
)
async def withdraw_activation(
    request: Request, caller: Party, catalogue_id: CatalogueInPath, retailer_id: RetailerId = None
) -> Response:
    """Closes the retailer's catalogue, whoever withdraws. The retailer no longer sees stock and prices there, and may
    ask again. What was promised to orders stays promised.
    """
    given = await edge.said(request)
    body = PartiesBody.model_validate_json(given) if given else PartiesBody()
    organisation = caller.organisation
    async with database(request).transaction_of(organisation) as tx:
        meant = await _the_one(tx, organisation, catalogue_id, body.retailer_id or retailer_id)
        side: Side = "retailer" if meant.retailer_id == organisation else "supplier"
        saved = await _move(tx, meant, side, "withdraw")
    return wire.answer(activation_answer(saved))


async def _answer(
    request: Request, supplier_id: str, catalogue_id: str, retailer_id: str | None, wish: Wish
) -> StoredCatalogue:
    """Let a supplier answer a retailer. It takes its turn: what it publishes meanwhile must reach the retailer too."""
    turns: Turns = request.app.state.turns
    async with turns.of(supplier_id), database(request).transaction_of(supplier_id) as tx:
        await store.change_one_at_a_time(tx, supplier_id)
        meant = await _the_one(tx, supplier_id, catalogue_id, retailer_id, supplied=True)
        saved = await _move(tx, meant, "supplier", wish)
        if saved.version != meant.version and saved.activation == "active":
            await public_catalogues.open_to(tx, saved)
        await opening.serve_if_opened(tx, meant, saved)
        return saved


async def _move(tx: Transaction, meant: StoredCatalogue, side: Side, wish: Wish) -> StoredCatalogue:
    """Let one side have its wish, and tell the others. 409 when it cannot be."""
    before = await store.catalogue_for_update(tx, *meant.address) or meant
    after = domain.agree(before.activation, side, wish, own=before.own)
    if isinstance(after, Hindrance):
        raise problems.conflict(f"The catalogue {before.external_id} of {before.retailer_id}: {after.message}")
    if after == before.activation:
        return before
    (saved,) = await store.set_activation(tx, [before.address], after)
    await outbox.put(tx, saved.news)
    return saved


async def _ask(tx: Transaction, retailer_id: str, catalogue_id: str, body: ActivationBody) -> StoredCatalogue:
    """Let a retailer ask for a catalogue on its terms. It opens its own one if that was closed."""
    before = await store.catalogue_for_update(tx, retailer_id, catalogue_id)
    if before is None:
        public = await public_catalogues.the_one(tx, catalogue_id, body.supplier_id)
        made = StoredCatalogue(
            retailer_id=retailer_id,
            external_id=catalogue_id,
            supplier_id=public.supplier_id,
            catalogue_type=public.catalogue_type,
            name=public.name,
            back_order_allowed=public.back_order_allowed,
            public=True,
            activation="requested",
        )
        saved = await store.insert_catalogue(tx, replace(made, **body.terms))
        if saved is not None:
            await outbox.put(tx, saved.news)
            return saved
        # The same request twice at once: the other one has made it.
        before = await store.catalogue_for_update(tx, retailer_id, catalogue_id)
    assert before is not None
    if body.supplier_id not in (None, before.supplier_id):
        raise problems.conflict(f"Your catalogue {catalogue_id} is kept by {before.supplier_id}, which stays")
    wanted = replace(before, active=True, activation=domain.asked(before.activation), **body.terms)
    if wanted == before:
        return before
    saved = await store.update_catalogue(tx, wanted)
    await outbox.put(tx, saved.news)
    await opening.serve_if_opened(tx, before, saved)
    return saved


async def _the_one(
    tx: Transaction, organisation: str, catalogue_id: str, retailer_id: str | None, *, supplied: bool = False
) -> StoredCatalogue:
    """The catalogue with this id that an organisation is a side of; with `supplied`, as its supplier.

    A public one of its own gives way to that of a retailer, because nobody has to agree to it. 404 when there is none,
    400 when only its retailer tells it apart.
    """
    named = await store.catalogues_named(tx, organisation, catalogue_id, retailer_id)
    found = [one for one in named if one.supplier_id == organisation] if supplied else named
    found = [one for one in found if not one.own] or found
    if not found:
        raise problems.not_found(f"catalogue {catalogue_id} that you are asked about or asked for")
    if len(found) > 1:
        message = f"several retailers have a catalogue {catalogue_id}: name one"
        raise problems.invalid([problems.FieldError("retailerId", "ambiguous", message)])
    return found[0]
