"""A label and a note for each of a thousand parcels, asked for by their suppliers while orders flow.

The parcels are confirmed before; measured is the time from the first paper that is asked for to the last that has come,
over as many connections as there are suppliers' desks. Each is another paper, so that none was kept.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from itertools import chain, cycle

import httpx

from bench import loading, market
from bench.loading import Load
from bench.parts.options import Bench
from deploy.local import demo, ports
from router.domain.number_series import NumberSeries
from router.store import number_series

SHIPMENTS = "/ecommerce/v3/shipments"
DESKS = 8
CONFIRMING = 16
ASKED_AT_ONCE = 500
RATE = 60.0
"""Orders a second that flow beside: five millions a day. Half of what can be would take all that there is of two
cores, as an order costs twice as much then.
"""
LIMIT_S = 60.0
"""How long the papers of `LIMIT_PARCELS` parcels may take, and orders flow at least."""
LIMIT_PARCELS = 1_000
SERIES = NumberSeries(
    name="bench",
    carrier="Posti",
    form="JJFI",
    prefix="654321",
    check_digit="LUHN",
    first=1,
    last=1_000_000,
    low_at=10,
)

Address = tuple[str, dict[str, str]]
"""A parcel, and the header of the supplier whose it is."""


async def measure(bench: Bench) -> None:
    """Measure how long all of it takes."""
    options, report, system = bench.options, bench.report, bench.system
    loading.told.print(f"Labels and notes of {options.parcels:,} parcels, while orders flow …")
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        parcels = await _confirmed(bench, client)
    limit = LIMIT_S * len(parcels) / LIMIT_PARCELS
    load = Load(int(RATE * max(options.seconds, limit)), RATE, options.connections)
    flowing = asyncio.create_task(loading.run(system, bench.tokens.shop, load, bench.folder))
    try:
        await asyncio.sleep(1.0)
        began = time.monotonic()
        with ThreadPoolExecutor(DESKS) as desks:
            got = (
                asyncio.get_running_loop().run_in_executor(desks, _got, system.ports["router"], parcels[n::DESKS])
                for n in range(DESKS)
            )
            took = sorted(chain.from_iterable(await asyncio.gather(*got)))
        seconds = time.monotonic() - began
        flowed_on = not flowing.done()
        loaded = await flowing
    finally:
        flowing.cancel()
    report.check("while papers are made", loaded)
    if seconds > limit:
        report.failed.append(f"papers: {len(took):,} took {seconds:.1f} s, and {limit:.1f} s is the limit")
    if not flowed_on:
        report.failed.append(f"papers: orders had stopped flowing before the {seconds:.1f} s were over")
    report.figures["papers_seconds"] = seconds * 1_000 / len(parcels)
    report.parts["papers"] = {
        "parcels": len(parcels),
        "papers": len(took),
        "seconds": seconds,
        "papers_per_second": len(took) / seconds,
        "p50_ms": 1_000 * took[len(took) // 2],
        "p99_ms": 1_000 * took[len(took) * 99 // 100],
        "orders_flowed_to_the_end": flowed_on,
        "orders": loaded.as_json(),
    }
    loading.told.print(
        f"  {len(took):,} papers in {seconds:.1f} s, with {loaded.orders_per_second:,.0f} orders/s beside"
    )


async def _confirmed(bench: Bench, client: httpx.AsyncClient) -> list[Address]:
    """Parcels with codes of a series, in turn of their suppliers."""
    options, system = bench.options, bench.system
    async with system.databases["router"].transaction() as tx:
        await number_series.save_series(tx, SERIES)
    # An order of the load is two or three shipments.
    await loading.run(system, bench.tokens.shop, Load(options.parcels // 2 + 1), bench.folder)
    router = f"http://{ports.LOOPBACK}:{system.ports['router']}"
    found: list[Address] = []
    async with httpx.AsyncClient(base_url=system.address, timeout=60, trust_env=False) as gateway:
        tokens = [await demo.token(gateway, supplier) for supplier in market.SUPPLIERS]
    for token, page in zip(cycle(tokens), range(100 * len(tokens)), strict=False):
        asked: dict[str, str | int] = {"status": "Created", "size": ASKED_AT_ONCE, "page": page // len(tokens)}
        answer = (await client.get(f"{router}{SHIPMENTS}", params=asked, headers=token)).raise_for_status().json()
        found += [(f"{SHIPMENTS}/{one['shipmentId']}", token) for one in answer["content"]]
        if len(found) >= options.parcels:
            break
    chosen = found[: options.parcels]
    for at in range(0, len(chosen), CONFIRMING):
        batch = chosen[at : at + CONFIRMING]
        answers = await asyncio.gather(
            *(client.post(f"{router}{shipment}/delivered", headers=token) for shipment, token in batch)
        )
        for answer in answers:
            answer.raise_for_status()
    return [(f"{shipment}/parcels/1", token) for shipment, token in chosen]


def _got(port: int, parcels: Sequence[Address]) -> list[float]:
    """Get the papers of parcels, one after the other; how many seconds each took.

    Raises RuntimeError for one that is no PDF.
    """
    took: list[float] = []
    # The desks leave the processor to what is measured: they speak HTTP in the plainest way.
    with closing(HTTPConnection(ports.LOOPBACK, port, timeout=60)) as connection:
        for parcel, token in parcels:
            for paper in ("label", "note"):
                began = time.monotonic()
                connection.request("GET", f"{parcel}/{paper}", headers=token)
                answer = connection.getresponse()
                content = answer.read()
                if answer.status != 200 or not content.startswith(b"%PDF"):
                    raise RuntimeError(f"{parcel}/{paper} answered {answer.status} {content[:300]!r}")
                took.append(time.monotonic() - began)
    return took
