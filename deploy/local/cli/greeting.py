"""What `sluice up` says once it is ready: where everything is, who may come in, and a first order to post."""

import json
from datetime import UTC, datetime

import typer

from deploy.local.cli import show


def first_order(number: str, product: str) -> str:
    """A small order as JSON, with nothing in it that a shell would take for its own."""
    party = {
        "name": "Aino Esimerkki",
        "streetAddress": "Esimerkkikatu 1",
        "postalCode": "00100",
        "postOffice": "Helsinki",
        "country": "FI",
    }
    return json.dumps(
        {
            "externalId": number,
            "orderDate": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "metadata": {"sourceOrganization": "My shop", "receiverOrganization": "any"},
            "sender": party,
            "client": party,
            "rows": [
                {"externalId": "1", "externalProductId": product, "quantity": 2, "productUnitOfMeasure": "KPL"},
            ],
        }
    )


def say(address: str, mail: str, *, demo: bool) -> None:
    """Print it. `mail` is the SMTP server's host:port; with `demo` there are keys to show and products to order."""
    typer.echo("Sluice is ready.")
    show.table(
        ("what", "where"),
        [
            ("the API", address),
            ("its documents", f"{address}/docs (OpenAPI), {address}/asyncapi (AsyncAPI)"),
            ("the mails", f"{address}/mail, through SMTP at {mail}"),
            ("is it well?", f"{address}/readyz, {address}/metrics, sluice doctor"),
        ],
    )
    if demo:
        _say_demo(address)
    else:
        typer.echo("Nobody takes part yet. See sluice organisation add --help and sluice key add --help.")
    typer.echo("Ctrl-C stops it; what it knows is kept.")


def _say_demo(address: str) -> None:
    from deploy.local import demo_world

    typer.echo(f"Keys of the demo, all with the secret {demo_world.SECRET}:")
    show.table(
        ("account", "organisation", "role", "business id"),
        [(p.account, p.name, ", ".join(p.roles), p.business_id) for p in demo_world.PARTIES],
    )
    number = f"FIRST-{datetime.now(UTC):%m%d%H%M%S}"
    key = f"{demo_world.NORDIC.account}:{demo_world.SECRET}"
    typer.echo("Post an order, and see what became of it:\n")
    typer.echo(
        f"  TOKEN=$(curl -s -u {key} {address}/auth/token"
        r""" | sed 's/.*"access_token" *: *"\([^"]*\)".*/\1/')"""
    )
    typer.echo(
        f'  curl -X PUT {address}/v2/orders -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"'
        f" -d '{first_order(number, demo_world.PUBLIC_PRODUCT)}'"
    )
    typer.echo(f'  curl {address}/v2/orders/order/{number} -H "Authorization: Bearer $TOKEN"\n')
