"""An order as all who have to do with it see it: inventory, the router's pure half, the supplier and the retailer."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from router import domain
from router.domain import Ask, Change, Loss, PackedChange, ParcelChange, Route, Row, Shipment
from router.domain.part_cancelling import cancel_part
from shared.contracts import OrderAllocated, OrderFilled, OrderPlaced, PromiseWithdrawn
from tests.router.examples import balance, catalogue, sources
from tests.router.happenings import NOW
from tests.router.inventory_stand_in import WAREHOUSES, ZERO, Inventory

KNOWN = sources([catalogue(c, priority=n) for n, c in enumerate(WAREHOUSES)], map(balance, WAREHOUSES))


class World(Inventory):
    """The router's pure half with an order, and an inventory that promises what it likes."""

    def __init__(self, placed: OrderPlaced, data: st.DataObject) -> None:
        super().__init__(placed, data)
        self.asks: dict[int, Ask] = {}
        self.early: list[OrderFilled | PromiseWithdrawn] = []
        self.heard: list[OrderAllocated | OrderFilled] = []
        self.at = NOW
        plan = domain.rank_candidates(placed, KNOWN)
        self.route = Route(placed, plan, 1, held=placed.held)
        self.news.append(self.decide_at_inventory(domain.allocation_request(placed, plan, 1)))

    # What the router does, as its handlers do it.

    def hear(self) -> None:
        """One of the messages arrives, perhaps a second time."""
        if self.news:
            said = self.news.pop(self.data.draw(st.integers(0, len(self.news) - 1)))
            self.take(said)
            if not isinstance(said, PromiseWithdrawn):
                self.heard.append(said)
        again = bool(self.heard) and self.data.draw(st.booleans())
        if again:
            self.take(self.heard[self.data.draw(st.integers(0, len(self.heard) - 1))])

    def take(self, said: OrderAllocated | OrderFilled | PromiseWithdrawn) -> None:
        """Handle a message."""
        if isinstance(said, OrderAllocated):
            self.take_answer(said)
        elif isinstance(said, OrderFilled):
            if domain.overtakes(self.route, said, pending=bool(self.asks)):
                self.early.append(said)
            else:
                self.changed(domain.fill(self.route, said, self.at))
                self.catch_up()
        elif self.route.standing is None or not {lost.lot for lost in said.rows} <= set(self.route.standing.lots):
            self.early.append(said)
        elif (loss := domain.withdraw(self.route, said, self.shipments)) is not None:
            self.lose(loss)

    def take_answer(self, said: OrderAllocated) -> None:
        """An answer, and what had overtaken it."""
        if self.route.record is None:
            decision = domain.decide(self.route, said, self.at, self.at)
            self.route = decision.route
            self.ship(decision.shipments)
            self.let_go(decision.releases)
            if self.route.cancelled is not None:
                self.let_all_go()
        elif said.round in self.asks:
            ask = self.asks.pop(said.round)
            assert domain.misfit_later(ask, said) is None
            self.changed(domain.take_answer(self.route, ask, said, self.at))
        self.catch_up()

    def catch_up(self) -> None:
        """Take what had come too early."""
        early, self.early = self.early, []
        for one in early:
            self.take(one)

    def changed(self, change: domain.Changed) -> None:
        """Keep a change."""
        self.route = change.route
        if self.route.shipped:
            self.ship(tuple(domain.new_shipments(self.route, change.added, self.at, self.at)))
        self.let_go(change.releases)

    def ship(self, made: tuple[domain.NewShipment, ...]) -> None:
        """Make shipments."""
        for new in made:
            created = new.created
            assert created.shipment_id not in self.shipments
            self.shipments[created.shipment_id] = Shipment(
                shipment_id=created.shipment_id,
                order_id=created.order_id,
                order_external_id=created.order_external_id,
                retailer_id=created.retailer_id,
                supplier_id=created.supplier_id,
                catalogue_id=created.catalogue_id,
                status="Created",
                status_at=self.at,
                version=1,
                created_at=self.at,
                updated_at=self.at,
                accept_by=self.at,
                delivery=created.delivery,
                rows=tuple(Row(one.external_id, one.product_id, one.quantity) for one in created.rows),
                lot=created.lot,
            )

    def lose(self, loss: Loss) -> None:
        """Route again what was lost."""
        if loss.wanted:
            wanted = domain.later_order(loss.route, loss.wanted)
            assert loss.route.standing is not None
            barred = {one.external_id: one.barred for one in loss.route.standing.rows}
            plan = domain.rank_candidates(wanted, KNOWN, barred)
            ask = domain.later_ask(loss.route, wanted, plan, retry=False, final=loss.final)
            asked = set() if ask is None else {one.external_id for one in ask.request.rows}
            loss = domain.give_up(loss, [name for name in loss.wanted if name not in asked], plan)
            if ask is not None:
                self.ask(ask)
                loss = replace(loss, route=replace(loss.route, round=ask.request.round))
        self.route = domain.told(loss.route, "; ".join(loss.causes), self.at)
        self.let_go(loss.releases)
        for shipment_id, falls in loss.falls.items():
            self.shipments[shipment_id] = domain.shrunk(self.shipments[shipment_id], falls, "less", self.at)
            self.settle(self.shipments[shipment_id])

    def ask(self, ask: Ask) -> None:
        """Ask inventory, which answers at its own time."""
        self.asks[ask.request.round] = ask
        self.news.append(self.decide_at_inventory(ask.request))

    def retry(self) -> None:
        """Ask again for what nobody could serve."""
        unserved = domain.unserved(self.route.standing)
        if unserved and not any(ask.retry for ask in self.asks.values()) and self.route.standing is not None:
            wanted = domain.later_order(self.route, unserved)
            barred = {one.external_id: one.barred for one in self.route.standing.rows}
            ask = domain.later_ask(self.route, wanted, domain.rank_candidates(wanted, KNOWN, barred), retry=True)
            if ask is not None:
                self.route = replace(self.route, round=ask.request.round)
                self.ask(ask)

    # What people do.

    def supplier_acts(self) -> None:
        """A supplier rejects a shipment or a part of it, or delivers some of it; the router may hear of that late."""
        open_ones = [shipment for shipment in self.shipments.values() if not shipment.closed]
        if open_ones:
            shipment = self.data.draw(st.sampled_from(open_ones))
            act = self.data.draw(st.sampled_from(["reject", "shrink", "deliver"]))
            if act == "shrink":
                one = shipment.rows[0]
                fall = min(one.quantity, Decimal(self.data.draw(st.integers(1, 3))))
                moved = domain.shrunk(shipment, {(one.row_id, one.product_id): fall}, "rejected", self.at)
            else:
                packed = tuple(
                    PackedChange(
                        row_id=one.row_id, delivered=min(one.quantity, Decimal(self.data.draw(st.integers(0, 9))))
                    )
                    for one in shipment.rows
                )
                change = Change("Delivered", parcels=(ParcelChange("1", rows=packed),))
                after = domain.move(shipment, change if act == "deliver" else Change("Cancelled"), self.at)
                assert isinstance(after, Shipment)
                moved = after
            self.shipments[shipment.shipment_id] = moved
            self.settle(moved)

    def reconcile(self) -> None:
        """The router hears of its shipments."""
        if self.route.standing is not None:
            loss = domain.reconcile(self.route, self.shipments)
            if loss is not None:
                self.lose(loss)

    def retailer_cancels_a_part(self) -> None:
        """Some of a row is not wanted any more."""
        self.reconcile()
        if self.route.standing is not None and self.route.cancelled is None:
            one = self.data.draw(st.sampled_from(self.route.standing.rows))
            done = cancel_part(one, Decimal(self.data.draw(st.integers(1, 4))), self.shipments)
            self.route = replace(self.route, standing=self.route.standing.replaced([done.row]))
            self.let_go(done.releases)
            for shipment_id, falls in done.falls.items():
                self.shipments[shipment_id] = domain.shrunk(self.shipments[shipment_id], falls, "less", self.at)
                self.settle(self.shipments[shipment_id])

    def retailer_stops_waiting(self) -> None:
        """A row is not to wait any more."""
        stopped = self.data.draw(st.sampled_from([one.external_id for one in self.placed.rows]))
        self.route = replace(self.route, no_waiting=(*self.route.no_waiting, stopped))
        if self.route.standing is not None and (loss := domain.stop_waiting(self.route, self.at)) is not None:
            self.route = loss.route
            self.let_go(loss.releases)

    def retailer_releases(self) -> None:
        """A held order is shipped."""
        held, self.route = self.route.held, replace(self.route, held=False)
        if held and self.route.standing is not None and not self.route.shipped and self.route.cancelled is None:
            decision = domain.release(self.route, self.at, self.at)
            self.route = decision.route
            self.ship(decision.shipments)

    def retailer_cancels(self) -> None:
        """Nothing is wanted any more."""
        if self.route.cancelled is None and self.data.draw(st.integers(0, 3)) == 0:
            cancelled = domain.Amendment(
                self.placed.order_id, cancelled=domain.Happening(at=self.at, cause="cancelled")
            )
            self.route = domain.amend(self.route, cancelled)
            if self.route.standing is not None:
                for shipment_id, shipment in self.shipments.items():
                    self.shipments[shipment_id] = domain.called_off(shipment, "cancelled", self.at)
                    self.settle(self.shipments[shipment_id])
                if not self.route.shipped:
                    self.let_all_go()
                loss = domain.end(self.route, "cancelled", self.shipments.values())
                self.route = loss.route
                self.let_go(loss.releases)

    # What is always true.

    def check(self) -> None:
        """Every row adds up, and nothing is promised to anybody beyond what was ordered."""
        if self.route.standing is None:
            return
        domain.order_routed(self.route)
        ordered = {one.external_id: one.quantity for one in self.placed.rows}
        for one in self.route.standing.rows:
            assert one.balanced
            assert min([one.waiting, one.rerouting, one.unserved, one.cancelled], default=ZERO) >= 0
            assert one.quantity == ordered[one.external_id]
        coming: defaultdict[str, Decimal] = defaultdict(Decimal)
        for shipment in self.shipments.values():
            for part in shipment.rows:
                coming[part.row_id] += part.delivered if shipment.closed else part.quantity
        assert all(quantity <= ordered[name] for name, quantity in coming.items())

    def come_to_rest(self) -> None:
        """Let everything arrive; then the shipments and inventory's books are as the order stands."""
        while self.news or self.asks:
            self.take(self.news.pop(0))
            self.reconcile()
            self.check()
        self.reconcile()
        while self.news or self.asks:
            self.take(self.news.pop(0))
            self.check()
        standing = self.route.standing
        assert standing is not None
        assert self.early == []
        pieces = {
            (one.external_id, piece.lot, piece.catalogue_id): piece.quantity
            for one in standing.rows
            for piece in one.pieces
            if one.stocked
        }
        goods = {one.external_id for one in standing.rows if one.stocked}
        shipped = {
            (part.row_id, shipment.lot, shipment.catalogue_id): part.delivered if shipment.closed else part.quantity
            for shipment in self.shipments.values()
            for part in shipment.rows
            if part.row_id in goods
        }
        if self.route.shipped:
            assert pieces == {place: quantity for place, quantity in shipped.items() if quantity}
        books = {place: quantity for place, quantity in self.promised.items() if quantity and place[0] in goods}
        assert books == pieces
        assert {name: waits for name, waits in self.waiting.items() if waits} == {
            (one.external_id, line.lot): line.quantity for one in standing.rows for line in one.lines
        }
        assert all(one.rerouting == 0 for one in standing.rows)
