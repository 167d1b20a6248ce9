"""Entries of the log, and public keys."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.api.documents import Document


class LogLine(Document):
    """An entry of the log."""

    index: int
    line: Annotated[
        str,
        Field(
            description="Generation id, as_of, published_at, model id, number of rows, Merkle root and SHA-256 of the "
            "values, separated by commas"
        ),
    ]


class SigningKeyDocument(Document):
    """A public key that signed a checkpoint or a model file here. Compare it with one that you have from elsewhere."""

    verifier_key: Annotated[str, Field(description="As https://c2sp.org/signed-note writes it")]
    first_used_at: datetime
