"""How much is measured, and where: what the parts are told."""

from dataclasses import dataclass
from pathlib import Path

from bench.market import Tokens
from bench.report import Report
from bench.running import Running


@dataclass(frozen=True)
class Options:
    """How much of everything. `kafka`: Apache Kafka instead of the embedded broker. `out` gets the pictures."""

    kafka: bool = False
    orders: int = 15_000
    seconds: float = 30.0
    connections: int = 48
    stored_orders: int = 1_000_000
    stored_products: int = 100_000
    outage_seconds: float = 60.0
    allocations: int = 20_000
    backlog: int = 6_000
    parcels: int = 1_000
    mail: bool = False
    out: Path = Path("bench/out")

    def quick(self) -> "Options":
        """So little that it takes two minutes: enough to see that it works, too little to trust."""
        return Options(
            kafka=self.kafka,
            orders=2_000,
            seconds=6.0,
            connections=self.connections,
            stored_orders=20_000,
            stored_products=5_000,
            outage_seconds=6.0,
            allocations=3_000,
            backlog=1_000,
            parcels=100,
            mail=self.mail,
            out=self.out,
        )


@dataclass(frozen=True)
class Bench:
    """What a part works with: a running system and its market, a folder for its files, and the report."""

    options: Options
    report: Report
    folder: Path
    system: Running
    tokens: Tokens
