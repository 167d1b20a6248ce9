"""Alerts reach the URLs of the settings as any event reaches its subscribers."""

import base64
import json

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from services.notifier.alerts import alert_urls
from services.notifier.bootstrap import build
from services.notifier.delivering import PAUSES
from shared.errors import InvalidInputError
from shared.messaging.outbox import Relay
from shared.messaging.transaction import originating
from shared.registry.alerts import raise_alert
from shared.settings import Settings
from tests.integration.api.conftest import OPERATOR
from tests.integration.notifier.conftest import Posting, Receiver

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


def alerting(*urls: str, secret: str | None = SECRET) -> Settings:
    return Settings(
        alert_webhook_url=SecretStr(" ".join(urls)), alert_webhook_secret=SecretStr(secret) if secret else None
    )


async def raised(posting: Posting, key: str = "one") -> None:
    """An alert goes through the outbox and the bus to a notifier that has just started."""
    async with originating(posting.database, posting.clock, source="test") as transaction:
        await raise_alert(transaction, "rollback", "warning", "it was worse", key=key, model_id=posting.model)
    notifier = await posting.another(build)
    relay = Relay(posting.database, notifier.bus, clock=posting.clock)
    while await relay.run_once() + await notifier.bus.run_until_idle():
        pass
    assert await notifier.dead() == []


async def listed(posting: Posting) -> list[dict[str, object]]:
    return (await posting.served.client.get("/v1/webhooks", headers=OPERATOR)).json()["items"]


async def test_an_alert_arrives_as_documented_at_a_private_url_of_the_settings_once(
    posting: Posting, receiver: Receiver
) -> None:
    posting.configure(alerting(f"{receiver.url}/hook"))
    for _ in range(2):
        await raised(posting)
        await posting.deliver(private=False)
    ((headers, body),) = receiver.got
    document = json.loads(body)
    alert_id = document["data"].pop("id")
    assert document == {
        "type": "alert.raised",
        "timestamp": "2025-06-01T12:00:00+00:00",
        "data": {
            "kind": "rollback",
            "severity": "warning",
            "summary": "it was worse",
            "raised_at": "2025-06-01T12:00:00Z",
            "model_id": posting.model,
            "decision_id": None,
        },
    }
    signed = Webhook(SECRET).sign(headers["webhook-id"], posting.clock.now(), body.decode())
    assert headers["webhook-signature"] == signed
    assert str(await posting.value("select alert_id from alerts")) == alert_id
    (webhook,) = await listed(posting)
    assert (webhook["events"], webhook["state"], webhook["last_status"]) == (["alert.raised"], "active", 204)


async def test_one_url_that_is_down_keeps_no_other_from_its_alert(
    posting: Posting, receiver: Receiver, other_receiver: Receiver
) -> None:
    posting.configure(alerting(receiver.url, other_receiver.url))
    receiver.status = 503
    await raised(posting)
    await posting.deliver()
    assert len(other_receiver.got) == 1
    receiver.status = 204
    await posting.deliver(after=PAUSES[0])
    assert (len(receiver.got), len(other_receiver.got)) == (2, 1)
    assert receiver.bodies()[1] == other_receiver.bodies()[0]


async def test_the_settings_decide_the_subscriptions_at_every_start(
    posting: Posting, receiver: Receiver, other_receiver: Receiver
) -> None:
    posting.configure(alerting(receiver.url, other_receiver.url))
    await posting.deliver()
    before = await listed(posting)
    receiver.status = 410
    await raised(posting)
    await posting.deliver()
    assert {one["state"] for one in await listed(posting)} == {"active", "disabled"}
    other = "whsec_" + base64.b64encode(b"z" * 32).decode()
    receiver.status = 204
    posting.configure(alerting(receiver.url, secret=other))
    await posting.deliver(after=PAUSES[0])
    (webhook,) = await listed(posting)
    assert webhook["state"] == "active"
    assert webhook["webhook_id"] in {one["webhook_id"] for one in before}
    headers, body = receiver.got[-1]
    signed = Webhook(other).sign(headers["webhook-id"], posting.clock.now(), body.decode())
    assert headers["webhook-signature"] == signed


async def test_without_a_secret_every_notifier_signs_with_the_same_random_one(
    posting: Posting, receiver: Receiver
) -> None:
    posting.configure(alerting(receiver.url, secret=None))
    for _ in range(2):
        await posting.deliver()
        await raised(posting, key=str(len(receiver.got)))
        await posting.deliver()
    secret = await posting.value("select secret from webhooks")
    for headers, body in receiver.got:
        assert headers["webhook-signature"] == Webhook(secret).sign(
            headers["webhook-id"], posting.clock.now(), body.decode()
        )
    assert len(receiver.got) == 2


async def test_a_key_sees_no_alert_url_and_cannot_subscribe_to_alerts(posting: Posting, receiver: Receiver) -> None:
    posting.configure(alerting(receiver.url))
    await posting.deliver()
    client = posting.served.client
    assert (await client.get("/v1/webhooks", headers=posting.headers)).json()["items"] == []
    order = {"url": receiver.url, "events": ["alert.raised"]}
    assert (await client.post("/v1/webhooks", json=order, headers=posting.headers)).status_code == 422


async def test_nobody_reads_the_password_of_an_alert_url(posting: Posting, receiver: Receiver) -> None:
    host = receiver.url.removeprefix("http://")
    posting.configure(alerting(f"http://anna:secret@{host}/T0/token?key=1"))
    await posting.deliver()
    assert [webhook["url"] for webhook in await listed(posting)] == [f"http://{host}/…"]


async def test_without_a_url_the_log_has_the_alert(posting: Posting) -> None:
    with capture_logs() as lines:
        await raised(posting)
    (line,) = [one for one in lines if one["event"] == "alert"]
    assert (line["kind"], line["log_level"], line["summary"]) == ("rollback", "warning", "it was worse")


def test_several_urls_are_separated_by_spaces_and_without_a_secret_a_random_one_signs() -> None:
    first, again = (alert_urls(alerting("https://a.example/x ", "http://u:p@b.example", secret=None)) for _ in "12")
    assert first.urls == ["https://a.example/x", "http://u:p@b.example"]
    assert first.secret != again.secret
    assert len(base64.b64decode(first.secret.removeprefix("whsec_"), validate=True)) == 32


@pytest.mark.parametrize(
    ("url", "secret", "named"),
    [
        ("ftp://user:hunter2@b.example", SECRET, "number 2"),
        ("https:///hunter2", SECRET, "number 2"),
        ("https://b.example", "hunter2", "PUNKCAST_ALERT_WEBHOOK_SECRET"),
        ("https://b.example", SECRET.removeprefix("whsec_") + "hunter2", "PUNKCAST_ALERT_WEBHOOK_SECRET"),
        ("https://b.example", "whsec_hunter2", "PUNKCAST_ALERT_WEBHOOK_SECRET"),
        ("https://b.example", "whsec_" + "hunter2!" * 8, "PUNKCAST_ALERT_WEBHOOK_SECRET"),
    ],
)
def test_what_cannot_be_used_is_refused_at_the_start_without_being_repeated(url: str, secret: str, named: str) -> None:
    with pytest.raises(InvalidInputError, match=named) as refused:
        alert_urls(alerting("https://a.example", url, secret=secret))
    assert "hunter2" not in str(refused.value)
