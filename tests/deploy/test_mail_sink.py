"""The mail sink keeps every mail it said yes to and shows it to a person, whatever is in it."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
import pytest

from deploy.local import mail_pages, trouble
from deploy.local.mail_sink import MailSink
from deploy.local.mailbox import Mailbox

STRANGE = (
    b'From: "=?utf-8?q?a=0d=0aBcc:_x?=" <shop@example.com>\r\n'
    b"Subject: <script>alert(1)</script> \xff\r\n"
    b"Content-Type: text/plain; charset=klingon\r\n\r\n"
    b"hyv\xc3\xa4 \xff\r\n"
)


def letter(subject: str, html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Sluice <sluice@example.com>"
    message["To"] = "Mäkinen <orders@example.com>"
    message["Subject"] = subject
    message["Message-ID"] = "<shipment-1@example.com>"
    message.set_content("Pakkaa 2 kpl.\n<b>not bold</b>")
    if html:
        message.add_alternative(html, subtype="html")
    return message


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[MailSink]:
    async with MailSink(tmp_path) as started:
        yield started


@pytest.fixture
async def web(sink: MailSink) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(mail_pages.application(sink.mailbox))
    async with httpx.AsyncClient(transport=transport, base_url="http://sluice") as client:
        yield client


async def post(sink: MailSink, message: EmailMessage | bytes, *recipients: str) -> None:
    host, port = sink.address.split(":")
    async with aiosmtplib.SMTP(hostname=host, port=int(port)) as smtp:
        if isinstance(message, bytes):
            await smtp.sendmail("shop@example.com", recipients, message)
        else:
            await smtp.send_message(message, recipients=recipients)


async def test_a_mail_is_listed_with_everyone_it_was_delivered_to(sink: MailSink, web: httpx.AsyncClient) -> None:
    await post(sink, letter("Uusi lähetys 1001"), "orders@example.com", "copy@example.com")
    (mail,) = (await web.get("/mail.json")).json()
    assert mail["subject"] == "Uusi lähetys 1001"
    assert mail["from"] == "Sluice <sluice@example.com>"
    assert mail["to"] == ["orders@example.com", "copy@example.com"]
    assert mail["message_id"] == "<shipment-1@example.com>"
    page = (await web.get("/mail")).text
    assert f'href="/mail/{mail["id"]}"' in page
    assert "Uusi lähetys 1001" in page


async def test_a_mail_is_read_with_its_text_its_headers_and_its_html_in_a_sandbox(
    sink: MailSink, web: httpx.AsyncClient
) -> None:
    await post(sink, letter("Two parts", '<p class="x">Hei</p><script>alert(1)</script>'), "orders@example.com")
    (mail,) = (await web.get("/mail.json")).json()
    answer = await web.get(f"/mail/{mail['id']}")
    assert "Pakkaa 2 kpl.\n&lt;b&gt;not bold&lt;/b&gt;" in answer.text
    assert "<dt>Message-ID</dt><dd>&lt;shipment-1@example.com&gt;</dd>" in answer.text
    # Without allow-scripts nothing in it runs; without allow-same-origin a browser may not draw it at all.
    assert '<iframe sandbox="allow-same-origin" title="The HTML' in answer.text
    assert 'srcdoc="&lt;p class=&#34;x&#34;&gt;Hei' in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_downloaded_mail_is_the_mail_under_its_envelope(sink: MailSink, web: httpx.AsyncClient) -> None:
    await post(sink, STRANGE, "orders@example.com")
    (mail,) = (await web.get("/mail.json")).json()
    answer = await web.get(f"/mail/{mail['id']}/raw")
    assert answer.headers["content-type"] == "message/rfc822"
    assert answer.headers["content-disposition"] == f'attachment; filename="{mail["id"]}.eml"'
    envelope = b"Return-Path: <shop@example.com>\r\nDelivered-To: orders@example.com\r\n"
    assert answer.content == envelope + STRANGE


async def test_a_mail_that_cannot_be_decoded_is_shown_as_it_came(sink: MailSink, web: httpx.AsyncClient) -> None:
    await post(sink, STRANGE, "orders@example.com")
    (mail,) = (await web.get("/mail.json")).json()
    page = (await web.get(f"/mail/{mail['id']}")).text
    assert "=?utf-8?q?a=0d=0aBcc:_x?=" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "hyvä �" in page


async def test_mails_are_there_after_a_restart(tmp_path: Path) -> None:
    sink = MailSink(tmp_path)
    await sink.start()
    first = sink.address
    await post(sink, letter("Before"), "orders@example.com")
    await sink.stop()
    await sink.start()
    assert sink.address == first
    await post(sink, letter("After"), "orders@example.com")
    await sink.stop()
    assert [mail.subject for mail in sink.mailbox.newest(10)] == ["After", "Before"]


async def test_a_mail_that_cannot_be_kept_is_to_be_sent_again_later(tmp_path: Path, sink: MailSink) -> None:
    (tmp_path / "mail").touch()
    with pytest.raises(aiosmtplib.SMTPDataError) as caught:
        await post(sink, letter("Lost"), "orders@example.com")
    assert caught.value.code == 452


async def test_the_list_comes_in_pages_newest_first(tmp_path: Path, web: httpx.AsyncClient) -> None:
    mailbox = Mailbox(tmp_path / "mail")
    ids = [mailbox.keep("a@example.com", ["b@example.com"], b"Subject: %d\r\n\r\n" % number) for number in range(51)]
    page = (await web.get("/mail")).text
    assert page.index(ids[50]) < page.index(ids[49])
    assert f'href="/mail/{ids[0]}"' not in page
    assert f'href="/mail?before={ids[1]}"' in page
    older = (await web.get(f"/mail?before={ids[1]}")).text
    assert f'href="/mail/{ids[0]}"' in older
    assert f'href="/mail/{ids[1]}"' not in older
    assert [mail["subject"] for mail in (await web.get("/mail.json?limit=2")).json()] == ["50", "49"]


async def test_an_empty_mailbox_says_what_would_fill_it(web: httpx.AsyncClient) -> None:
    assert "No mail yet" in (await web.get("/mail")).text
    assert (await web.get("/mail.json")).json() == []


@pytest.mark.parametrize("path", ["/mail/1", "/mail/..%2F..%2Fetc%2Fpasswd", "/mail/" + "0" * 20 + "-00000000/raw"])
async def test_a_mail_that_is_not_there_is_not_found(web: httpx.AsyncClient, path: str) -> None:
    assert (await web.get(path)).status_code == 404


async def test_a_limit_that_is_no_number_is_refused(web: httpx.AsyncClient) -> None:
    assert (await web.get("/mail.json?limit=-1")).status_code == 400


async def test_a_port_in_use_is_named(tmp_path: Path, sink: MailSink) -> None:
    port = int(sink.address.split(":")[1])
    with pytest.raises(trouble.CannotStart, match=f"port {port} is in use"):
        await MailSink(tmp_path, port).start()
