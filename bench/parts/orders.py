"""The orders of the table: as fast as they are taken, then at half that rate, and once through the gateway."""

from bench import loading, pictures, processes, sampling
from bench.loading import Load, Loaded
from bench.parts.options import Bench
from deploy.local.services import SERVICES

WARMING = 1_000
GATEWAY_SHARE = 0.2


async def measure(bench: Bench) -> None:
    """Measure throughput and latency, memory and CPU of the whole system."""
    report, options = bench.report, bench.options
    await _run(bench, "warming up", Load(min(WARMING, options.orders)))
    processes.forget_peaks(bench.system.pids)
    burst = await _run(bench, "as fast as they are taken", Load(options.orders, connections=options.connections))
    rate = max(1.0, burst.orders_per_second / 2)
    half = await _run(bench, "at half that rate", Load(int(rate * options.seconds), rate, options.connections))
    peaks = {name: max(burst.peak_mb[name], half.peak_mb[name]) for name in burst.peak_mb}
    report.headline |= {
        "orders_per_second": burst.orders_per_second,
        "p50_ms": half.shipment.p50,
        "p95_ms": half.shipment.p95,
        "p99_ms": half.shipment.p99,
        "cpu_seconds_per_order": {
            "all": sum(burst.cpu_seconds_per_order.values()),
            **burst.cpu_seconds_per_order,
            "generator": burst.generator_cpu_seconds_per_order,
        },
        "peak_rss_mb": peaks,
    }
    report.figures |= {
        "orders_per_second": burst.orders_per_second,
        "answer_p99_ms": half.answer.p99,
        "shipment_p99_ms": half.shipment.p99,
        "peak_service_mb": max(peaks[service.name] for service in SERVICES if service.name in peaks),
    }


async def measure_through_gateway(bench: Bench) -> None:
    """Measure the same at the one address of `sluice up`, which passes requests on."""
    orders = max(1, int(bench.options.orders * GATEWAY_SHARE))
    load = Load(orders, connections=bench.options.connections, through_gateway=True)
    await _run(bench, "through the gateway", load)


async def _run(bench: Bench, title: str, load: Load) -> Loaded:
    loading.told.print(f"{load.orders:,} orders, {title} …")
    async with sampling.sampled(bench.system.pids) as samples:
        loaded = await loading.run(bench.system, bench.tokens.shop, load, bench.folder)
    bench.report.check(title, loaded)
    bench.report.parts[title] = loaded.as_json()
    loading.told.print(
        f"  {loaded.orders_per_second:,.0f} orders/s, {1_000 * sum(loaded.cpu_seconds_per_order.values()):.2f} ms of"
        f" CPU each; p99: answer {loaded.answer.p99:,.0f} ms, shipment {loaded.shipment.p99:,.0f} ms"
    )
    if loaded.paths:
        pictures.draw_load(bench.options.out / f"{title.replace(' ', '-')}.png", title, loaded.paths, samples)
    return loaded
