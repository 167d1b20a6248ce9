"""A backup: one dump of the database for each, and one folder of objects for all.

DIR/objects/…                          immutable, copied once
DIR/2026-12-01T030000Z/database.dump   pg_dump, custom format
DIR/2026-12-01T030000Z/manifest.json   written last: a folder without one is no backup
"""
