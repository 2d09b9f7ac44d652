"""What a million orders and a hundred thousand products that are stored cost those that come after them.

A thousand orders of one row are placed, and what is stored of them is copied a thousand times (`bench.filling`). Then
everything is analysed, and the same load as before is run again.
"""

import time

import asyncpg

from bench import filling, loading, orders, pictures
from bench.loading import Load
from bench.parts.options import Bench
from deploy.local import demo

SEEDS = 1_000


async def measure(bench: Bench) -> None:
    """Measure the orders a second before and after, and their ratio."""
    options, report = bench.options, bench.report
    empty = report.headline.get("orders_per_second") or await _rate(bench, "with nothing stored")
    placed = time.time()
    seeds = await loading.run(
        bench.system, bench.tokens.shop, Load(SEEDS, bodies=orders.small_templates(500)), bench.folder
    )
    report.check("the orders that are copied", seeds)
    if not await demo.settled(bench.system.databases):
        raise RuntimeError("the messages of the orders to be copied were not all taken")
    began = time.monotonic()
    connection = await asyncpg.connect(bench.system.dsn)
    try:
        await filling.fill(
            connection, placed, options.stored_orders // SEEDS, options.stored_products // filling.PRODUCTS - 1
        )
        stored = await connection.fetchval("SELECT count(*) FROM order_intake.orders")
        products = await connection.fetchval("SELECT count(*) FROM inventory.products")
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
    finally:
        await connection.close()
    took = time.monotonic() - began
    loading.told.print(
        f"  {stored:,} orders and {products:,} products are stored, {size / 1e9:.1f} GB, in {took:.0f} s"
    )
    full = await _rate(bench, "with much stored")
    report.figures["growth_ratio"] = full / empty
    report.parts["growth"] = {
        "stored_orders": stored,
        "stored_products": products,
        "database_gb": size / 1e9,
        "filling_seconds": took,
        "empty_per_second": empty,
        "full_per_second": full,
    }
    pictures.draw_growth(options.out / "growth.png", {"nothing stored": empty, f"{stored:,} orders stored": full})


async def _rate(bench: Bench, title: str) -> float:
    loading.told.print(f"{bench.options.orders:,} orders {title} …")
    load = Load(bench.options.orders, connections=bench.options.connections)
    loaded = await loading.run(bench.system, bench.tokens.shop, load, bench.folder)
    bench.report.check(title, loaded)
    bench.report.parts[title] = loaded.as_json()
    loading.told.print(f"  {loaded.orders_per_second:,.0f} orders/s")
    return loaded.orders_per_second
