"""Lists of products: whose they are, what narrows them, and how they come in pages."""

import pytest

from tests.inventory import orders
from tests.inventory.examples import FIRST, SECOND, STRANGER, numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties


async def test_the_supplier_sees_its_products_with_the_balances_of_all_shops(published: Parties) -> None:
    page = await published.get(SUPPLIER, INVENTORY)
    assert page["links"] == []
    assert page["page"] == {"size": 2000, "totalElements": 2, "totalPages": 1, "number": 0}
    assert [one["product"]["externalId"] for one in page["content"]] == [FIRST, SECOND]
    assert page["content"][1]["balances"][1] == {
        "productExternalId": SECOND,
        "eanCode": "1234567891005",
        "retailerId": OTHER_SHOP,
        "catalogExternalId": "Catalog999",
        "quantity": 24,
        "onHand": 24,
        "safetyStock": 0,
        "sellable": True,
        "wholesalePrice": 25.6,
        "currency": "EUR",
        "unlimited": False,
        "held": 0,
        "backordered": 0,
    }


async def test_a_shop_sees_what_is_published_to_it_and_no_one_elses_price(published: Parties) -> None:
    page = await published.get(OTHER_SHOP, INVENTORY)
    (only,) = page["content"]
    assert only["product"]["externalId"] == SECOND
    assert numbers(only["balances"], "retailerId", "wholesalePrice") == [(OTHER_SHOP, 25.6)]
    for path in (
        f"{CATALOGUES}/Catalog999/products",
        f"{INVENTORY}?retailerId={OTHER_SHOP}&catalogExternalId=Catalog999",
    ):
        assert (await published.get(OTHER_SHOP, path))["content"] == page["content"]
    assert (await published.call(OTHER_SHOP, "GET", f"{INVENTORY}/{FIRST}")).status_code == 404
    assert (await published.call(OTHER_SHOP, "GET", f"{CATALOGUES}/Catalog1/products")).status_code == 404
    assert (await published.call(OTHER_SHOP, "GET", f"{CATALOGUES}/Catalog1/balances")).status_code == 404
    assert (await published.get(STRANGER, INVENTORY))["content"] == []
    assert (await published.get(STRANGER, f"{CATALOGUES}/balances"))["content"] == []


async def test_lists_are_narrowed_by_product_and_ean_and_cut_into_pages(published: Parties) -> None:
    both = await published.get(SHOP, f"{INVENTORY}?productExternalId={FIRST},{SECOND}")
    assert len(both["content"]) == 2
    by_ean = await published.get(SHOP, f"{CATALOGUES}/Catalog1/products/?eanCode=1234567891005")
    assert [one["product"]["externalId"] for one in by_ean["content"]] == [SECOND]
    balance = await published.get(SHOP, f"{CATALOGUES}/Catalog1/balances/?productExternalId={FIRST}")
    assert numbers(balance["content"], "productExternalId", "quantity") == [(FIRST, 10)]
    page = await published.get(SUPPLIER, f"{BALANCES}?size=2&page=1")
    assert numbers(page["content"], "catalogExternalId") == [("Catalog999",)]
    assert page["page"] == {"size": 2, "totalElements": 3, "totalPages": 2, "number": 1}
    assert (await published.get(SUPPLIER, f"{INVENTORY}?size=1&page=9"))["page"]["totalElements"] == 2
    # The query as the PHP library writes it.
    odd = await published.get(SHOP, f"{INVENTORY}?retailerId={SHOP}&catalogExternalId=Catalog1?size=1?size=1&page=1")
    assert [one["product"]["externalId"] for one in odd["content"]] == [SECOND]


@pytest.mark.parametrize(
    "path",
    [
        f"{INVENTORY}?productExternalId=%00",
        f"{INVENTORY}?retailerId=%00",
    ],
)
async def test_a_filter_that_cannot_be_read_is_refused(parties: Parties, path: str) -> None:
    answer = await parties.call(STRANGER, "GET", path)
    assert answer.status_code == 400, answer.text


async def test_pages_lead_to_one_another_and_hold_every_product_once(parties: Parties) -> None:
    await parties.publish({"W": {f"P{number}": 1 for number in range(5)}})
    await parties.open_catalogue("OWN", supplier=SHOP)
    for name in ("A", "Z"):
        await parties.put(SHOP, INVENTORY, [{"product": {"externalId": name}}])
    for organisation, path, wanted in (
        (SHOP, INVENTORY, ["A", "Z", "P0", "P1", "P2", "P3", "P4"]),
        (SUPPLIER, INVENTORY, ["P0", "P1", "P2", "P3", "P4"]),
        (SHOP, f"{CATALOGUES}/W/products", ["P0", "P1", "P2", "P3", "P4"]),
    ):
        seen: list[str] = []
        following: str | None = f"{path}?size=3"
        while following:
            page = await parties.get(organisation, following)
            assert page["page"]["totalElements"] == len(wanted)
            seen += [one["product"]["externalId"] for one in page["content"]]
            # What is sold meanwhile moves nothing to another page.
            await parties.allocate(orders.order(orders.row("1", 0.1, "W/P4", "W/P0")))
            following = {link["rel"]: link["href"] for link in page["links"]}.get("next")
        assert seen == wanted


async def test_a_large_answer_is_packed_for_whoever_asks(published: Parties) -> None:
    headers = published.signer.headers(SUPPLIER, "supplier")
    sizes = {}
    for accepted in ("gzip,deflate", "identity"):
        async with published.client.stream(
            "GET", INVENTORY, headers={**headers, "Accept-Encoding": accepted}
        ) as answer:
            sizes[answer.headers.get("content-encoding")] = len(b"".join([part async for part in answer.aiter_raw()]))
    assert sizes.keys() == {"gzip", None}
    assert sizes["gzip"] < sizes[None] / 2


async def test_filters_that_are_written_as_nothing_filter_nothing(published: Parties) -> None:
    query = "?retailerId=&catalogExternalId=&productExternalId=&eanCode=,"
    assert len((await published.get(SUPPLIER, f"{INVENTORY}{query}"))["content"]) == 2
    assert len((await published.get(SHOP, f"{CATALOGUES}/Catalog1/products{query}"))["content"]) == 2
