"""Number series as an operator gives them, for the router's tests."""

from router.domain.number_series import NumberSeries
from router.store import number_series
from tests.router.conftest import Router


def series(name: str = "posti", **fields: object) -> NumberSeries:
    """A series of a hundred numbers of Posti's for all contracts, unless told otherwise."""
    given: dict[str, object] = {
        "carrier": "Posti",
        "form": "JJFI",
        "prefix": "654321",
        "check_digit": "LUHN",
        "first": 1,
        "last": 100,
        "low_at": 5,
    }
    return NumberSeries(name=name, **given | fields)  # type: ignore[arg-type]


async def give(router: Router, *given: NumberSeries) -> None:
    """Let the router have series."""
    async with router.database.transaction() as tx:
        for one in given:
            await number_series.save_series(tx, one)
