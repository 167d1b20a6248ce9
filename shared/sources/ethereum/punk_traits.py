"""The punks' attributes from a contract like CryptoPunksData (Larva Labs, 2021).

On mainnet they check the packaged attributes; a test chain may have other ones.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl
from eth_abi.abi import decode as decode_abi
from eth_abi.abi import encode as encode_abi
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector

from shared.errors import InvalidInputError
from shared.market.reference_data import PUNK_SCHEMA, validate_punks
from shared.market.traits import PUNKS
from shared.sources.ethereum.node import EthereumNode

_SELECTOR: Final = "0x" + function_signature_to_4byte_selector("punkAttributes(uint16)").hex()
_HUMAN: Final = ("Male", "Female")
_SKINS: Final = {"1": "Dark", "2": "Mid", "3": "Light", "4": "Albino"}


async def read_punks(node: EthereumNode, contract: str) -> pl.DataFrame:
    """All punks (`PUNK_SCHEMA`) by id, with one call of the contract for each.

    Raises:
        NodeUnavailableError: no node answers.
        InvalidInputError: an answer is not a description of a punk.
    """
    calls = [_SELECTOR + encode_abi(["uint16"], [punk]).hex() for punk in range(PUNKS)]
    return punks_frame([_text(answer, punk) for punk, answer in enumerate(await node.read(contract, calls))], contract)


def punks_frame(descriptions: Sequence[str], where: str) -> pl.DataFrame:
    """The punks (`PUNK_SCHEMA`) of these texts, by id, such as `Male 1, Smile, Mohawk` or `Alien, Headband`.

    The number after Male and Female is the skin; other types have no skin.

    Raises:
        InvalidInputError: a text is not a description of a punk; `where` names the contract.
    """
    rows = [_row(punk, text, where) for punk, text in enumerate(descriptions)]
    return validate_punks(pl.DataFrame(rows, schema=PUNK_SCHEMA, orient="row"), where)


def _row(punk: int, text: str, where: str) -> tuple[int, str, str | None, list[str]]:
    head, *accessories = [part.strip() for part in text.split(",")]
    kind, _, variant = head.partition(" ")
    if kind in _HUMAN and variant in _SKINS:
        return punk, kind, _SKINS[variant], accessories
    if kind in _HUMAN or variant:
        raise InvalidInputError(f"{where}: punk {punk} is described as {text[:80]!r}, which is no head of a punk")
    return punk, kind, None, accessories


def _text(answer: str, punk: int) -> str:
    try:
        [text] = decode_abi(["string"], bytes.fromhex(answer[2:]))
    except (DecodingError, UnicodeDecodeError) as error:
        raise InvalidInputError(
            f"punkAttributes({punk}) answered {answer[:80]}, which is no text: is punks=0x… the right contract?"
        ) from error
    return str(text)
