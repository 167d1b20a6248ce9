"""Signatures against a vector of Standard Webhooks' own libraries, and against what must not pass."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from shared.errors import InvalidInputError
from shared.webhooks import signing


def test_the_vector_of_the_reference_libraries() -> None:
    found = signing.headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert found["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert found["webhook-timestamp"] == "1614265330"


def test_a_receiver_checks_it_with_a_few_lines() -> None:
    secret, body = signing.new_secret(), b'{"type":"sale.scored"}'
    found = signing.headers(secret, delivery_id="d1", at=1, body=body)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(key) == 32
    mac = base64.b64encode(hmac.new(key, b"d1.1." + body, hashlib.sha256).digest()).decode()
    assert found["webhook-signature"] == f"v1,{mac}"
    assert signing.headers(secret, delivery_id="d1", at=2, body=body) != found
    assert signing.new_secret() != secret


@pytest.mark.parametrize("secret", ["", "abc", "whsec_***"])
def test_no_secret_of_ours(secret: str) -> None:
    with pytest.raises(InvalidInputError):
        signing.headers(secret, delivery_id="d", at=1, body=b"")
