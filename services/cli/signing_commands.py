"""`punkcast signing-key` and `punkcast models sign`: the keys that sign model files and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.context import on_platform
from shared.errors import InvalidInputError
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.runtime.platform import Platform


def signing_key_command() -> None:
    """Make a key that signs model files and the log, and print both of its halves. Stores nothing."""
    import base64
    import secrets

    from shared.signing.notes import SEED_BYTES, SigningKey

    key = SigningKey(Settings().log_origin, secrets.token_bytes(SEED_BYTES))
    typer.echo(f"PUNKCAST_SIGNING_KEY={base64.b64encode(key.seed).decode()}")
    typer.echo(f"verifier key: {key.verifier}")
    typer.echo("Keep the first line secret; publish the verifier key where readers trust you.", err=True)


def sign_command(
    model_id: Annotated[str, typer.Argument(help="A model of the registry, see `punkcast models list`.")],
) -> None:
    """Sign the file of a registered model with PUNKCAST_SIGNING_KEY, after a comparison with its SHA-256."""
    from shared.signing.notes import signing_keys

    settings = Settings()
    keys = signing_keys(settings.signing_key, settings.log_origin)
    if not keys:
        raise InvalidInputError("PUNKCAST_SIGNING_KEY is not set; `punkcast signing-key` makes a key")

    async def run(platform: Platform) -> None:
        from shared.registry import model_files, models
        from shared.registry import signing_keys as known

        async with platform.database.connection() as connection:
            record = await models.get(connection, model_id)
        await model_files.read(platform.store, record, trusted=())
        notes, now = model_files.signatures(model_id, record.artifact_sha256, keys), platform.clock.now()
        async with platform.database.transaction() as connection:
            await known.remember(connection, [str(key.verifier) for key in keys], at=now)
            await models.add_signatures(connection, model_id, notes, at=now)

    on_platform(run)
    typer.echo(f"{model_id} signed by {', '.join(str(key.verifier) for key in keys)}")
