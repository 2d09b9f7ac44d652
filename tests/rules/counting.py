"""The rules of taking done again, slowly: in tenths of units, with a bundle tried at every size there is."""

from collections.abc import Mapping, Sequence
from math import gcd

from shared.contracts import AllocateOrder, RowDemand
from shared.rules.balance import Balance, Key
from tests.rules import worlds

Counted = dict[str, dict[str, int]]
"""Tenths of units by row and place."""


def count(order: AllocateOrder, balances: Mapping[Key, Balance]) -> tuple[Counted, Counted]:
    """What each row takes and what of it waits."""
    usable = {
        f"{key[1]}/{key[2]}": one
        for key, one in balances.items()
        if one.sellable and one.active and not one.end_of_sale
    }
    left = {
        place: 10**9 if one.unlimited else max(0, int((one.quantity - one.safety_stock - one.held) * 10))
        for place, one in usable.items()
    }
    room = {
        place: 10**9 if one.back_order_room is None else int(one.back_order_room * 10)
        for place, one in usable.items()
        if one.back_order_allowed
    }
    taken: Counted = {row.external_id: {} for row in order.rows}
    waiting: Counted = {row.external_id: {} for row in order.rows}
    for family in _families(order.rows):
        if len(family) == 1 and family[0].partial_delivery_allowed:
            _alone(family[0], left, room, taken, waiting)
        else:
            _together(family, left, room, taken, waiting)
    for row in order.rows:
        short = _tenths(row) > sum(taken[row.external_id].values()) + sum(waiting[row.external_id].values())
        if short and (row.mandatory or order.all_or_nothing):
            return {name: {} for name in taken}, {name: {} for name in waiting}
    return taken, waiting


def _tenths(row: RowDemand) -> int:
    return int(row.quantity * 10)


def _families(rows: Sequence[RowDemand]) -> list[list[RowDemand]]:
    """Rows that hang together by their parents, found by asking again and again."""
    mark = {row.external_id: {row.external_id, row.parent} - {None} for row in rows}
    for _ in rows:
        for one in mark:
            for other in mark:
                if mark[one] & mark[other]:
                    mark[one] = mark[other] = mark[one] | mark[other]
    seen: list[set[str | None]] = []
    families: list[list[RowDemand]] = []
    for row in rows:
        names = mark[row.external_id]
        if names in seen:
            families[seen.index(names)].append(row)
        else:
            seen.append(names)
            families.append([row])
    return families


def _alone(row: RowDemand, left: dict[str, int], room: dict[str, int], taken: Counted, waiting: Counted) -> None:
    need = _tenths(row)
    for place in worlds.places(row):
        while need and left.get(place, 0):
            need, left[place] = need - 1, left[place] - 1
            taken[row.external_id][place] = taken[row.external_id].get(place, 0) + 1
    for place in worlds.places(row) if row.back_order and need else ():
        if room.get(place, -1) >= need:
            waiting[row.external_id][place] = need
            room[place] -= need
            return


def _together(
    family: Sequence[RowDemand], left: dict[str, int], room: dict[str, int], taken: Counted, waiting: Counted
) -> None:
    quantities = [_tenths(row) for row in family]
    whole = all(row.partial_delivery_allowed for row in family) and not any(tenths % 10 for tenths in quantities)
    sets = (gcd(*(tenths // 10 for tenths in quantities)) if whole else 1) if any(quantities) else 0
    names = [row.external_id for row in family]
    lead = next((row for row in family if row.parent not in names), family[0])
    catalogues = [
        name
        for name in dict.fromkeys(place.split("/")[0] for place in worlds.places(lead))
        if all(any(place.startswith(f"{name}/") for place in worlds.places(row)) for row in family)
    ]
    rest = sets
    for name in catalogues:
        for size in range(rest, 0, -1):
            after, got = dict(left), [dict[str, int]() for _ in family]
            for number, row in enumerate(family):
                need = quantities[number] // sets * size
                for place in worlds.places(row):
                    part = min(need, after.get(place, 0)) if place.startswith(f"{name}/") else 0
                    if part:
                        need, after[place] = need - part, after[place] - part
                        got[number][place] = part
                if need:
                    break
            else:
                left.update(after)
                rest -= size
                for row, parts in zip(family, got, strict=True):
                    taken[row.external_id].update(parts)
                break
    if not rest or not all(row.back_order for row in family):
        return
    for name in catalogues:
        after, where = dict(room), list[str]()
        for row, tenths in zip(family, quantities, strict=True):
            need = tenths // sets * rest
            here = [p for p in worlds.places(row) if p.startswith(f"{name}/") and after.get(p, -1) >= need]
            if not here:
                break
            where.append(here[0])
            after[here[0]] -= need
        else:
            room.update(after)
            for row, place, tenths in zip(family, where, quantities, strict=True):
                if tenths:
                    waiting[row.external_id][place] = tenths // sets * rest
            return
