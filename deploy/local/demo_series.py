"""The numbers that the demo's tracking codes are made of. No carrier has given them."""

from router.domain.number_series import NumberSeries
from router.store import number_series
from shared.postgres import Database

SERIES = NumberSeries(
    name="demo",
    carrier="Posti",
    form="JJFI",
    prefix="900002",
    check_digit="LUHN",
    first=1,
    last=9_999_999_999,
    low_at=1_000,
)


async def load(router: Database) -> None:
    """Give the router the demo's series."""
    async with router.transaction() as tx:
        await number_series.save_series(tx, SERIES)
