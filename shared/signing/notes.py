"""Signed notes: a text with Ed25519 signatures below it, as https://c2sp.org/signed-note describes them.

A key has a name, which is part of its identity. A note may have signatures of several keys, so that keys can be
replaced: a verifier ignores signatures of keys that it does not know.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import SecretStr

from shared.errors import IntegrityError, InvalidInputError

ED25519: Final = b"\x01"
SEED_BYTES: Final = 32
MOST_SIGNATURES: Final = 100
_NAME = re.compile(r"[^\s+]+")
_SIGNATURE = re.compile(r"— ([^\s+]+) (\S+)")


class SignatureError(IntegrityError):
    """The note has no signature of a trusted key, or a wrong one."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key of 32 bytes and its name, without spaces and plus signs. As text: name+hash+base64."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Raises InvalidInputError: the text is no verifier key of Ed25519."""
        name, _, rest = text.strip().partition("+")
        digest, _, encoded = rest.partition("+")
        body = _decoded(encoded)
        if body is not None and body[:1] == ED25519 and len(body) == 1 + SEED_BYTES and _NAME.fullmatch(name):
            key = cls(name, body[1:])
            if key.id.hex() == digest:
                return key
        raise InvalidInputError(
            f"{text.strip()[:200]!r} is no verifier key: expected name+hash+base64, as `punkcast signing-key` prints it"
        )

    @property
    def id(self) -> bytes:
        """Four bytes that tell a verifier which key a signature belongs to."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_encoded(ED25519 + self.public)}"

    def verifies(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """A private key: a seed of 32 bytes, and the name that its verifier key has."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self._private.public_key().public_bytes_raw())

    def line(self, text: str) -> str:
        """The signature line of this key below the text."""
        return f"— {self.name} {_encoded(self.verifier.id + self._private.sign(text.encode()))}\n"

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def signing_keys(setting: SecretStr | None, name: str) -> tuple[SigningKey, ...]:
    """The keys of `PUNKCAST_SIGNING_KEY`: seeds in base64, separated by commas. None without the setting.

    Raises:
        InvalidInputError: a part is no seed. The text does not show it.
    """
    keys = []
    for part in _parts(None if setting is None else setting.get_secret_value()):
        seed = _decoded(part)
        if seed is None or len(seed) != SEED_BYTES:
            raise InvalidInputError(
                "PUNKCAST_SIGNING_KEY: expected the base64 of 32 bytes, or several with commas between; "
                "`punkcast signing-key` makes one"
            )
        keys.append(SigningKey(name, seed))
    if keys and not _NAME.fullmatch(name):
        raise InvalidInputError(f"PUNKCAST_LOG_ORIGIN: {name!r} must not have spaces or plus signs")
    return tuple(keys)


def trusted_keys(setting: str | None) -> tuple[VerifierKey, ...]:
    """The keys of `PUNKCAST_TRUSTED_KEYS`: verifier keys, separated by commas. Raises InvalidInputError."""
    return tuple(VerifierKey.parse(part) for part in _parts(setting))


def sign(text: str, keys: Iterable[SigningKey], *, beside: str = "") -> str:
    """The note of a text with a signature of each key. The text ends with a line feed.

    Args:
        beside: an earlier note. If it has the same text, signatures of other keys stay.

    Raises:
        SignatureError: the earlier note has a line that is no signature.
    """
    lines = {(key.name, key.verifier.id): key.line(text) for key in keys}
    kept: list[str] = []
    if beside.startswith(f"{text}\n"):
        for line in beside.removeprefix(f"{text}\n").splitlines(keepends=True):
            if lines.get(_signature(line)[:2], line) == line:
                kept.append(line)
    return f"{text}\n{''.join(kept)}{''.join(line for line in lines.values() if line not in kept)}"


def opened(note: str, trusted: Sequence[VerifierKey]) -> str:
    """The text of a note that at least one trusted key signed.

    Raises:
        SignatureError: no trusted key signed the text, one has a wrong signature, or this is no signed note.
    """
    above, _, signatures = note.rpartition("\n\n")
    lines = signatures.splitlines(keepends=True)
    if not above or not lines or len(lines) > MOST_SIGNATURES or not note.endswith("\n") or _has_controls(note):
        raise SignatureError("this is no signed note: expected a text, an empty line and signature lines")
    text, known = above + "\n", {(key.name, key.id): key for key in trusted}
    signed = False
    for line in lines:
        name, identity, signature = _signature(line)
        key = known.get((name, identity))
        if key is None:
            continue
        if not key.verifies(text, signature):
            raise SignatureError(f"the signature of {key} is wrong: the text was changed, or the key did not sign it")
        signed = True
    if not signed:
        raise SignatureError(f"no trusted key signed this text; trusted: {', '.join(map(str, trusted)) or 'none'}")
    return text


def _signature(line: str) -> tuple[str, bytes, bytes]:
    """The name, key id and signature of a line. Raises SignatureError."""
    match = _SIGNATURE.fullmatch(line.removesuffix("\n"))
    body = None if match is None else _decoded(match[2])
    if match is None or body is None or len(body) < 5:
        raise SignatureError(f"{line.strip()[:200]!r} is no signature line")
    return match[1], body[:4], body[4:]


def _has_controls(text: str) -> bool:
    return any(ord(character) < 32 and character != "\n" for character in text)


def _parts(setting: str | None) -> list[str]:
    return [part.strip() for part in (setting or "").split(",") if part.strip()]


def _encoded(body: bytes) -> str:
    return base64.b64encode(body).decode()


def _decoded(text: str) -> bytes | None:
    """The bytes of canonical base64; None if the text is anything else."""
    try:
        body = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return body if _encoded(body) == text else None
