"""Models from the object store, each loaded once."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from shared.registry import model_files
from shared.registry.models import ModelRecord
from shared.signing.notes import VerifierKey
from shared.storage.object_store import ObjectStore
from shared.valuation.model import ValuationModel

KEPT = 8


class LoadedModels:
    """A small cache by model id. The bytes are checked against their SHA-256, and signed by a key of `trusted`, if
    there are any."""

    def __init__(self, store: ObjectStore, *, threads: int, trusted: Sequence[VerifierKey] = ()) -> None:
        self._store = store
        self._threads = threads
        self._trusted = trusted
        self._models: OrderedDict[str, ValuationModel] = OrderedDict()

    async def load(self, record: ModelRecord) -> ValuationModel:
        """The model, ready to value.

        Raises:
            IntegrityError: its file is damaged.
            UnsupportedModelError: this code cannot serve it, or no trusted key signed it.
            TransientError: the store is down.
        """
        model = self._models.get(record.model_id)
        if model is None:
            body = await model_files.read(self._store, record, trusted=self._trusted)
            model = await asyncio.to_thread(ValuationModel.from_bytes, body, threads=self._threads)
            self._models[record.model_id] = model
        self._models.move_to_end(record.model_id)
        while len(self._models) > KEPT:
            self._models.popitem(last=False)
        return model
