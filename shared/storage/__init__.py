from shared.storage.opening import open_store

__all__ = ["open_store"]
