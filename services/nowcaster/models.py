"""Models from the object store, each loaded once."""

import asyncio
from collections import OrderedDict

from shared.registry.models import ModelRecord, artifact
from shared.storage.object_store import ObjectStore
from shared.valuation.model import ValuationModel

KEPT = 8


class LoadedModels:
    """A small cache by model id. The bytes are checked against their SHA-256."""

    def __init__(self, store: ObjectStore, *, threads: int) -> None:
        self._store = store
        self._threads = threads
        self._models: OrderedDict[str, ValuationModel] = OrderedDict()

    async def load(self, record: ModelRecord) -> ValuationModel:
        """The model, ready to value.

        Raises:
            IntegrityError: its file is damaged.
            UnsupportedModelError: this code cannot serve it.
            TransientError: the store is down.
        """
        model = self._models.get(record.model_id)
        if model is None:
            body = await self._store.get(artifact(record))
            model = await asyncio.to_thread(ValuationModel.from_bytes, body, threads=self._threads)
            self._models[record.model_id] = model
        self._models.move_to_end(record.model_id)
        while len(self._models) > KEPT:
            self._models.popitem(last=False)
        return model
