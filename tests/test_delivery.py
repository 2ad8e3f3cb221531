"""What is sent, when, to whom, how often; against a real mail server and a real web server."""

import io
import json
import shutil
import socket
from email import message_from_bytes, policy
from pathlib import Path

import openpyxl
import pytest
from aiosmtpd.controller import Controller

from fulfilltools import delivery, report, runs
from fulfilltools.errors import DeliveryError, SettingsError
from fulfilltools.history import Snapshot
from fulfilltools.settings import Delivery

FETCH = {"shop": "nordlys", "shop_name": "Nordlys\r\nBcc: evil@example.com", "currency": "SEK"}
AS_OF = "2026-11-23T07-00-00Z"
TO = {"email_from": "reports@example.com", "email_to": ("boss@example.com", "ops@example.com")}


class Inbox:
    """A mail server's handler that keeps what it is given."""

    def __init__(self):
        self.mails = []
        self.refuse = None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mails.append((envelope.rcpt_tos, envelope.content))
        return "250 OK"


@pytest.fixture
def inbox():
    handler = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    handler.url = f"smtp+plain://127.0.0.1:{port}"
    yield handler
    server.stop()


def write_run(folder, diagnosis, before=None):
    run = runs.begin_run(folder, "nordlys", diagnosis.as_of)
    (folder / "raw").mkdir()
    (folder / "raw" / "fetch.json").write_text(json.dumps(FETCH))
    previous = None if before is None else Snapshot("before", before, FETCH)
    report.write_outputs(folder, diagnosis, report.Facts(AS_OF, FETCH), previous)
    run.seal()
    return runs.Run(folder)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory, diagnosed):
    return write_run(tmp_path_factory.mktemp("runs") / "nordlys" / AS_OF, diagnosed())


@pytest.fixture
def finished(tmp_path, diagnosed, first_run):
    """Give a finished run of its own; `before` are the findings of the run before it."""

    def make(before=None):
        folder = tmp_path / "runs" / "nordlys" / AS_OF
        if before is not None:
            return write_run(folder, diagnosed(), before)
        return runs.Run(Path(shutil.copytree(first_run.folder, folder)))

    return make


def typed_texts(run):
    """List the texts of findings that a person or an app may have typed."""
    return {row["evidence"] for row in run.findings} | {"ירוק"}


def test_a_mail_has_text_html_and_a_worklist(inbox, finished):
    run = finished()
    assert delivery.deliver(run, Delivery(**TO), {delivery.SMTP: inbox.url}) == [
        f"email {AS_OF} all"
    ]
    ((receivers, content),) = inbox.mails
    mail = message_from_bytes(content, policy=policy.default)
    assert receivers == list(TO["email_to"])
    assert mail["Auto-Submitted"] == "auto-generated"
    assert AS_OF in mail["Message-ID"]
    assert "107 of 200 unfulfilled orders need action, 2026-11-23" in mail["Subject"]
    assert mail["Bcc"] is None
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert "**Manual late**: 48, high" in text
    assert len(html) < 100_000
    assert html.count("<tr>") == 21
    assert "<style" not in html
    assert "<script" not in html
    assert "The worst 20 of 107" in html
    (attached,) = mail.iter_attachments()
    book = openpyxl.load_workbook(io.BytesIO(attached.get_content()))
    assert attached.get_filename() == "worklist.xlsx"
    assert book.active.max_row == 108


def test_nothing_that_somebody_typed_is_sent(inbox, finished, listening):
    run = finished()
    with listening() as (posts, address):
        places = {delivery.SMTP: inbox.url, delivery.SLACK: address, delivery.WEBHOOK: address}
        delivery.deliver(run, Delivery(**TO), places)
        sent = json.dumps([post for _, post in posts], ensure_ascii=False)
    mail = message_from_bytes(inbox.mails[0][1], policy=policy.default)
    bodies = [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]
    (attached,) = mail.iter_attachments()
    book = openpyxl.load_workbook(io.BytesIO(attached.get_content()))
    cells = [str(cell.value) for row in book.active.iter_rows() for cell in row]
    for text in typed_texts(run):
        assert text not in "".join([*bodies, sent, *cells])


def test_each_message_goes_out_once(inbox, finished):
    run, places = finished(), {delivery.SMTP: inbox.url}
    assert delivery.deliver(run, Delivery(**TO), places)
    assert delivery.deliver(run, Delivery(**TO), places) == []
    assert len(inbox.mails) == 1


def test_what_failed_is_tried_again_and_what_went_out_is_not(inbox, finished, listening):
    run = finished()
    with listening(status=500) as (posts, address):
        places = {delivery.SMTP: inbox.url, delivery.SLACK: f"{address}/services/secret"}
        with pytest.raises(DeliveryError, match="answered 500") as caught:
            delivery.deliver(run, Delivery(**TO), places)
    assert "secret" not in str(caught.value)
    with listening() as (posts, address):
        delivery.deliver(run, Delivery(**TO), places | {delivery.SLACK: address})
    assert len(posts) == len(inbox.mails) == 1


def test_owners_get_their_own_rows_alone(inbox, finished, listening):
    settings = Delivery(
        email_from="reports@example.com",
        email_by_owner={"finance": ("money@example.com",), "customer": ("no@example.com",)},
    )
    with listening() as (posts, address):
        places = {delivery.SMTP: inbox.url, f"{delivery.WEBHOOK}_SERVICE": address}
        delivery.deliver(finished(), settings, places)
    ((receivers, content),) = inbox.mails
    mail = message_from_bytes(content, policy=policy.default)
    assert receivers == ["money@example.com"]
    assert "31 for finance" in mail["Subject"]
    assert "manual" not in mail.get_body(("html",)).get_content().lower()
    ((_, data),) = posts
    assert {row["owner"] for row in data["findings"]} == {"service"}
    assert data["owner"] == "service"


@pytest.mark.parametrize(
    ("settings", "is_sent"),
    [
        ({"when": "always"}, True),
        ({"when": "new"}, False),
        ({"when": "severity", "severity": "critical"}, True),
    ],
)
def test_without_news_only_those_who_want_always_hear(
    inbox, finished, diagnosed, settings, is_sent
):
    run = finished(before=diagnosed().findings)
    delivery.deliver(run, Delivery(**TO, **settings), {delivery.SMTP: inbox.url})
    assert bool(inbox.mails) is is_sent


def test_a_new_order_is_news(inbox, finished, diagnosed):
    run = finished(before=diagnosed().findings.iloc[1:])
    delivery.deliver(run, Delivery(**TO, when="new"), {delivery.SMTP: inbox.url})
    assert len(inbox.mails) == 1


def test_slack_gets_blocks_that_mention_nobody(finished, listening):
    with listening() as (posts, address):
        delivery.deliver(
            finished(), Delivery(report_url="https://x.example/runs"), {delivery.SLACK: address}
        )
    ((_, payload),) = posts
    texts = [block["text"]["text"] for block in payload["blocks"]]
    assert all(len(text) <= 3000 for text in texts)
    assert f"https://x.example/runs/nordlys/{AS_OF}/report.html" in texts[-1]
    assert texts[2].count("\n") == 4
    assert "<!" not in json.dumps(payload)


def test_a_webhook_gets_the_numbers_of_the_summary(finished, listening):
    run = finished()
    with listening() as (posts, address):
        delivery.deliver(run, Delivery(), {delivery.WEBHOOK: address})
    ((_, data),) = posts
    assert (data["kind"], data["orders"]) == ("report", run.summary["orders"])
    assert len(data["findings"]) == 107


def test_a_failure_is_told_in_words_that_no_report_has(inbox, listening):
    facts = {"shop": "nordlys", "moment": "2026-11-23T07:00:00Z", "error": "The token is wrong."}
    with listening() as (posts, address):
        places = {delivery.SMTP: inbox.url, delivery.SLACK: address, delivery.WEBHOOK: address}
        delivery.deliver_failure(facts, Delivery(**TO), places)
    mail = message_from_bytes(inbox.mails[0][1], policy=policy.default)
    assert "NO REPORT" in mail["Subject"]
    assert list(mail.iter_attachments()) == []
    assert "The token is wrong." in mail.get_body(("plain",)).get_content()
    assert [data.get("kind") for _, data in posts] == [None, "failure"]


def test_failures_can_go_to_others(inbox):
    facts = {"shop": "nordlys", "moment": "2026-11-23T07:00:00Z", "error": "No."}
    settings = Delivery(**TO, failure_to=("admin@example.com",))
    delivery.deliver_failure(facts, settings, {delivery.SMTP: inbox.url})
    assert inbox.mails[0][0] == ["admin@example.com"]


def test_a_refusing_mail_server_is_named_without_any_address(inbox, finished):
    inbox.refuse = "550 boss@example.com is unknown here"
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1") as caught:
        delivery.deliver(finished(), Delivery(**TO), {delivery.SMTP: inbox.url})
    assert "@" not in str(caught.value)


def test_an_unreachable_server_is_named_and_its_secret_is_not(finished):
    password = "hunter" + "2"
    places = {delivery.SMTP: f"smtp+plain://user:{password}@127.0.0.1:1"}
    run = finished()
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1:1") as caught:
        delivery.deliver(run, Delivery(**TO), places)
    assert password not in str(caught.value)
    (message,) = delivery.messages(run, Delivery(**TO), places)
    assert password not in repr(message)
    assert password not in str(message)


def test_nowhere_to_send_is_said(finished):
    with pytest.raises(SettingsError, match="Nothing says where"):
        delivery.deliver(finished(), Delivery(), {})


def test_receivers_without_a_server_are_an_error_of_the_settings():
    with pytest.raises(SettingsError, match=delivery.SMTP):
        delivery.deliver_failure({}, Delivery(**TO), {})
