"""No tracking code is given twice, whoever takes it and whatever happens (real PostgreSQL)."""

import asyncio
from collections.abc import Mapping

import asyncpg
import pytest

from router.domain import number_series
from router.domain.number_series import NumberSeries
from router.store import number_series as store
from router.store.number_series import Taking
from shared.postgres import Database, Transaction
from tests.router.conftest import Router
from tests.router.examples import RETAILER, STRANGER, SUPPLIER
from tests.router.series import give, series


async def take(tx: Transaction, contract: str | None = None, **wanted: int) -> list[tuple[str, str, int, int]]:
    """Take numbers: carrier, series, the first number and how many."""
    taking = await store.take_numbers(tx, RETAILER, contract, wanted)
    return [(one.carrier, one.name, one.first, one.count) for one in taking.taken]


async def test_eight_who_take_at_the_same_time_never_get_a_number_twice(router: Router, database: str) -> None:
    await give(
        router, series(last=300), series("next", first=301, last=2000), series("gls", carrier="GLS", prefix="1" * 6)
    )
    crowd = await Database.connect(database, "router", size=8)
    got: list[tuple[str, int]] = []

    async def taker(seed: int) -> None:
        for turn in range(25):
            wanted: Mapping[str, int] = {"posti": 1 + (seed + turn) % 4} | ({"gls": 1} if turn % 9 == seed else {})
            try:
                async with crowd.transaction_of(SUPPLIER) as tx:
                    taken = (await store.take_numbers(tx, RETAILER, None, wanted)).taken
                    if turn % 5 == seed % 5:
                        # As one whose process dies before it commits: nobody has these numbers.
                        raise LookupError
            except LookupError:
                continue
            got.extend((one.name, one.first + place) for one in taken for place in range(one.count))
            assert sum(one.count for one in taken if one.carrier == "posti") == wanted["posti"]

    await asyncio.gather(*(taker(seed) for seed in range(8)))
    await crowd.close()
    assert len(got) == len(set(got))
    # Nobody who gave up left a gap either: what is taken is all there is up to the next number.
    async with router.database.transaction() as tx:
        used = {one.series.name: one.next - one.series.first for one in await store.all_series(tx)}
    assert sum(used.values()) == len(got)
    assert used["posti"] == 300


async def test_where_one_series_ends_the_next_goes_on(router: Router) -> None:
    await give(router, series(last=3), series("next", first=4, last=9))
    async with router.database.transaction() as tx:
        assert await take(tx, posti=2) == [("posti", "posti", 1, 2)]
        assert await take(tx, posti=4) == [("posti", "posti", 3, 1), ("posti", "next", 4, 3)]
        assert await take(tx, posti=9) == [("posti", "next", 7, 3)]
        assert await take(tx, posti=1) == []


@pytest.mark.parametrize(
    ("retailer", "contract", "takes_of"),
    [
        (RETAILER, None, "everybody"),
        (RETAILER, "777777", "everybody"),
        (RETAILER, "612345", "ours"),
        (STRANGER, "612345", "contract"),
        (STRANGER, None, "everybody"),
    ],
)
async def test_the_series_that_fits_best_is_taken_of(
    router: Router, retailer: str, contract: str | None, takes_of: str
) -> None:
    await give(
        router,
        series("everybody", prefix="000000"),
        series("contract", prefix="612345", contract_number="612345"),
        series("ours", prefix="612346", contract_number="612345", retailer_id=RETAILER),
    )
    async with router.database.transaction() as tx:
        ((taken, *_), _) = await store.take_numbers(tx, retailer, contract, {"posti": 1})
    assert taken.name == takes_of


async def test_a_used_up_series_of_a_contract_is_not_made_good_by_that_of_others(router: Router) -> None:
    await give(router, series(prefix="000000"), series("contract", contract_number="612345", last=1))
    async with router.database.transaction() as tx:
        assert await take(tx, "612345", posti=1) == [("posti", "contract", 1, 1)]
        assert await store.take_numbers(tx, RETAILER, "612345", {"posti": 1}) == Taking([], frozenset({"posti"}))


async def test_a_carrier_without_series_is_left_out(router: Router) -> None:
    await give(router, series(), series("theirs", carrier="GLS", prefix="111111", retailer_id=STRANGER))
    async with router.database.transaction() as tx:
        taken, carriers = await store.take_numbers(tx, RETAILER, None, {"posti": 1, "gls": 1, "matkahuolto": 1})
    assert ([one.name for one in taken], carriers) == (["posti"], frozenset({"posti"}))


async def test_what_was_given_up_is_never_made_again(router: Router) -> None:
    await give(router, series(), series("unused", first=200, last=300))
    async with router.database.transaction() as tx:
        await take(tx, posti=40)
        assert await store.retire_series(tx, "posti")
        assert await store.retire_series(tx, "unused")
        assert not await store.retire_series(tx, "posti")
        assert await take(tx, posti=1) == []
        assert await store.overlapping_series(tx, series("again", first=40, last=50)) == "posti"
        assert await store.overlapping_series(tx, series("again", first=41, last=300)) is None
        await store.save_series(tx, series(first=41, last=300))
        assert await take(tx, posti=1) == [("posti", "posti", 41, 1)]


@pytest.mark.parametrize(
    "other",
    [
        series("other", first=100, last=100),
        series("other", carrier="GLS", first=0, last=10**10 - 1, check_digit="GS1"),
    ],
)
async def test_the_database_itself_keeps_series_from_having_a_code_in_common(
    router: Router, other: NumberSeries
) -> None:
    await give(router, series())
    with pytest.raises(asyncpg.ExclusionViolationError, match=store.OVERLAPPING):
        await give(router, other)
    assert number_series.span(other)[0] <= number_series.span(series())[1]


async def test_the_database_counts_an_sscc_as_the_domain_does(router: Router) -> None:
    long = series("a", form="SSCC", prefix="36414141414", check_digit="GS1", first=0, last=999_999)
    short = series("b", form="SSCC", prefix="36414141", check_digit="GS1", first=0, last=10**9 - 1)
    await give(router, long)
    with pytest.raises(asyncpg.ExclusionViolationError):
        await give(router, short)
    async with router.database.transaction() as tx:
        assert await store.overlapping_series(tx, short) == "a"
        bounds = await tx.fetch_one("SELECT lower(codes) AS first, upper(codes) - 1 AS last FROM number_series")
    assert bounds is not None
    assert (bounds["first"], bounds["last"]) == number_series.span(long)


async def test_whoever_takes_numbers_can_change_nothing_else_of_a_series(router: Router) -> None:
    await give(router, series())
    for sql in (
        "UPDATE number_series SET last = 5",
        "DELETE FROM number_series",
        "INSERT INTO number_series (name) VALUES ('x')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with router.database.transaction_of(SUPPLIER) as tx:
                await tx.execute(sql)
