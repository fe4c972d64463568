"""Makes a database with Cinder's tables and nothing else in it.

    python3 schema.py FILE
"""

from __future__ import annotations

import sys

import cinder.service  # noqa: F401  registers options that the database takes
from cinder import version
from cinder.db import migration
from oslo_config import cfg


def main(file: str) -> None:
    cfg.CONF([], project="cinder", version=version.version_string(), default_config_files=[])
    cfg.CONF.set_override("connection", f"sqlite:///{file}", group="database")
    migration.db_sync()


if __name__ == "__main__":
    main(sys.argv[1])
