"""Who gets a mail, what answers mean, and how long to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier import choosing, domain
from notifier.domain import Answer, Contact, Patience

PATIENCE = Patience(first_s=30, longest_s=3600, whole_s=86_400)
OK, LATER, NO, LOST = Answer(250, "taken"), Answer(451, "later"), Answer(550, "no such user"), Answer(0, "no answer")

answers = st.dictionaries(
    st.sampled_from(["a@x.fi", "b@x.fi", "c@x.fi"]),
    st.builds(Answer, st.sampled_from([0, 250, 251, 421, 450, 451, 530, 535, 550, 552, 554]), st.text(max_size=20)),
    min_size=1,
)


def test_a_mail_waits_for_a_contact_that_is_not_known_yet() -> None:
    assert choosing.wish(Contact(known=False, emails=[], new_shipment=True), domain.NEW_SHIPMENT) == "waiting"


def test_a_supplier_who_asked_for_mail_gets_it() -> None:
    assert choosing.wish(Contact(known=True, emails=["a@x.fi"], new_shipment=True), domain.NEW_SHIPMENT) == "pending"


@pytest.mark.parametrize(("emails", "new_shipment"), [([], True), (["a@x.fi"], False), ([], False)])
def test_a_supplier_without_an_address_or_with_mail_turned_off_gets_none(emails: list[str], new_shipment: bool) -> None:
    contact = Contact(known=True, emails=emails, new_shipment=new_shipment)
    assert choosing.wish(contact, domain.NEW_SHIPMENT) == "not wanted"


def test_an_accepted_mail_is_sent() -> None:
    verdict = domain.judge({"a@x.fi": OK}, [], 1, 0, PATIENCE)
    assert (verdict.state, verdict.reached, verdict.answer) == ("sent", ("a@x.fi",), "250 taken")


def test_a_mail_the_server_refuses_for_good_is_refused_at_once() -> None:
    assert domain.judge({"a@x.fi": NO}, [], 1, 0, PATIENCE).state == "refused"


@pytest.mark.parametrize("answer", [LATER, LOST, Answer(421, "bye"), Answer(535, "bad password"), Answer(530, "login")])
def test_a_mail_is_tried_again_while_the_trouble_may_pass(answer: Answer) -> None:
    verdict = domain.judge({"a@x.fi": answer}, [], 1, 0, PATIENCE)
    assert (verdict.state, verdict.pause_s) == ("pending", 30)


def test_a_mail_taken_for_one_recipient_and_put_off_for_another_is_tried_again() -> None:
    verdict = domain.judge({"a@x.fi": OK, "b@x.fi": LATER}, [], 1, 0, PATIENCE)
    assert (verdict.state, verdict.reached) == ("pending", ("a@x.fi",))
    assert verdict.answer == "a@x.fi: 250 taken; b@x.fi: 451 later"


def test_a_mail_somebody_has_is_sent_even_if_another_recipient_is_refused() -> None:
    assert domain.judge({"b@x.fi": NO}, ["a@x.fi"], 2, 60, PATIENCE).state == "sent"


def test_patience_ends() -> None:
    verdict = domain.judge({"a@x.fi": LATER}, [], 40, 86_400, PATIENCE)
    assert (verdict.state, verdict.answer) == ("refused", "451 later (given up after 40 tries)")


@given(answers, st.integers(1, 10_000), st.floats(0, 1e7))
def test_a_mail_is_sent_or_refused_or_tried_again_and_who_has_it_is_never_forgotten(
    said: dict[str, Answer], attempts: int, tried_s: float
) -> None:
    verdict = domain.judge(said, ["z@x.fi"], attempts, tried_s, PATIENCE)
    accepted = {name for name, answer in said.items() if 200 <= answer.code < 300}
    assert set(verdict.reached) == {"z@x.fi"} | accepted
    assert verdict.state in ("sent", "pending")
    assert (verdict.state == "pending") <= (tried_s < PATIENCE.whole_s)
    assert "\n" not in verdict.answer


@given(st.integers(1, 100_000))
def test_the_pause_grows_and_is_bounded(attempts: int) -> None:
    pause = domain.pause_after(attempts, PATIENCE)
    assert PATIENCE.first_s <= pause <= domain.pause_after(attempts + 1, PATIENCE) <= PATIENCE.longest_s


@pytest.mark.parametrize("address", ["a@b.fi", "first.last+tag@sub.example.com", "root@localhost", "o'neil@x-y.fi"])
def test_an_address_is_an_address(address: str) -> None:
    assert domain.is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "a",
            "@b.fi",
            "a@",
            "a b@c.fi",
            "a@b..fi",
            ".a@b.fi",
            "a@-b.fi",
            "Äiti@b.fi",
            "<a@b.fi>",
            "a@b.fi,c@d.fi",
        ),
        *("a@b.fi\nBcc: c@d.fi", "a@b.fi\n", f"{'a' * 65}@b.fi", f"a@{'b.' * 126}fi", '"a"@b.fi', "a@[127.0.0.1]"),
    ],
)
def test_what_is_no_address_is_not_taken_for_one(address: str) -> None:
    assert not domain.is_address(address)


@pytest.mark.parametrize(("given_", "meant"), [("fi", "fi"), ("FI", "fi"), ("sv-FI", "sv"), ("en", "en"), ("de", "en")])
def test_whoever_reads_neither_finnish_nor_swedish_gets_english(given_: str, meant: str) -> None:
    assert domain.language_of(given_) == meant


@given(st.text())
def test_a_line_for_a_header_is_one_line_of_bounded_length(text: str) -> None:
    line = domain.one_line(text)
    assert len(line) <= domain.MAX_SUBJECT
    assert line.splitlines() in ([], [line])
    assert line.isprintable() or " " in line
