"""The pickup points of the demo, around Helsinki and Tampere. Most are invented."""

from pathlib import Path

from router.delivery import point_file, points
from router.store import pickup_points
from shared.postgres import Database

FILE = Path(__file__).parent / "data" / "pickup_points_demo.csv"


async def load(router: Database) -> None:
    """Load them where there are no pickup points yet."""
    async with router.transaction() as tx:
        if not await pickup_points.count_points(tx):
            found = point_file.read(FILE.read_bytes())
            await points.replace(tx, found, {point.service_provider for point in found})
