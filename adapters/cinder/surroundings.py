"""Stands in for what surrounds a driver in Cinder's volume service, so that the driver itself runs as it is shipped."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cinder.db.api
import cinder.privsep
import os_brick.privileged
from cinder import context, coordination, objects, version
from cinder.common import config  # noqa: F401  registers Cinder's options
from cinder.volume import configuration
from oslo_config import cfg
from oslo_utils import importutils

from records import Records, Snapshot, Volume

DRIVER_OPTION = cfg.StrOpt("volume_driver", help="the driver's class")
CONF = cfg.CONF


class NoDatabase:
    """The few questions to Cinder's database that volumes in records can answer; every other is refused by its name."""

    def __init__(self, records: Records) -> None:
        self.volume_get = records.volume_of_id

    def get_engine(self) -> SimpleNamespace:
        return SimpleNamespace(name="sqlite")  # the kind whose connections nobody closes before a fork

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"the driver asks Cinder's database for {name}, and there is none")


def configure(text: str, folder: Path) -> None:
    """Loads the text of a cinder.conf; Cinder's locks, mounts and temporary files go to the folder."""
    folder.mkdir(exist_ok=True)
    file = folder / "cinder.conf"
    file.write_text(text)
    CONF([], project="cinder", version=version.version_string(), default_config_files=[str(file)])
    CONF.set_default("state_path", str(folder))
    CONF.set_default("lock_path", str(folder), group="oslo_concurrency")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    # Every command that the driver runs, with how it ended.
    logging.getLogger("oslo_concurrency.processutils").setLevel(logging.DEBUG)


def stand_in(records_file: Path) -> Records:
    """Replaces the database and the daemons. This process is root already, so what needs root is done in it."""
    if os.geteuid() != 0:
        raise PermissionError("a Cinder driver needs root here: there is no privileged daemon")
    for privileged in (cinder.privsep.sys_admin_pctxt, os_brick.privileged.default):
        privileged.set_client_mode(False)
    objects.register_all()
    records = Records(records_file)
    Volume.records = Snapshot.records = records
    objects.Volume, objects.Snapshot = Volume, Snapshot
    cinder.db.api.IMPL = NoDatabase(records)
    return records


def load_driver(section: str, is_first_start: bool) -> Any:
    """The driver of a section, made as Cinder's volume manager makes it."""
    options = configuration.Configuration([DRIVER_OPTION], config_group=section)
    if not options.volume_driver:
        raise ValueError(f"the section [{section}] names no volume_driver")
    return importutils.import_object(
        options.volume_driver,
        configuration=options,
        host=host_of(section),
        cluster_name=None,
        is_vol_db_empty=is_first_start,
        active_backend_id=None,
    )


def start_driver(driver: Any) -> None:
    """What the manager does when its service starts, in its order."""
    coordination.COORDINATOR.start()
    driver.do_setup(admin())
    driver.check_for_setup_error()
    driver.init_capabilities()
    driver.set_throttle()
    driver.set_initialized()


def admin() -> context.RequestContext:
    return context.get_admin_context()


def host_of(section: str) -> str:
    return f"holeproof@{section}"
