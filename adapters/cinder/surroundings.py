"""What surrounds a driver in Cinder's volume service: its configuration, database and message bus."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import cinder.privsep
import os_brick.privileged
from cinder import coordination, objects, rpc, version
from cinder.common import config  # noqa: F401  registers Cinder's options
from cinder.db import api
from cinder.volume import configuration
from oslo_config import cfg
from oslo_utils import importutils

import memory
from database import Database, admin, make_schema
from faults import Asked, by_driver

DRIVER_OPTION = cfg.StrOpt("volume_driver", help="the driver's class")
DATABASE = "cinder.sqlite"
CONF = cfg.CONF


# Whatever the user's configuration says: a deployment's own are not to be touched.
OWN_SERVICES = """
[DEFAULT]
transport_url = fake:/
[oslo_messaging_notifications]
transport_url = fake:/
[coordination]
backend_url = file://{folder}
[database]
connection = sqlite:///{database}
"""


def configure(text: str, folder: Path) -> None:
    """Loads the text of a cinder.conf; Cinder's database, locks, mounts and temporary files go to the folder."""
    folder.mkdir(exist_ok=True)
    file = folder / "cinder.conf"
    # Of an option that is there twice the last one counts.
    file.write_text(text + OWN_SERVICES.format(folder=folder, database=folder / DATABASE))
    CONF([], project="cinder", version=version.version_string(), default_config_files=[str(file)])
    CONF.set_default("state_path", str(folder))
    CONF.set_default("lock_path", str(folder), group="oslo_concurrency")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    # Every command that the driver runs, with how it ended.
    logging.getLogger("oslo_concurrency.processutils").setLevel(logging.DEBUG)


def start_services(section: str, folder: Path) -> Database:
    """
    Starts what the volume service finds there. Nothing listens at the other end of the message bus. This process is root already, so what
    needs root is done in it.
    """
    if os.geteuid() != 0:
        raise PermissionError("a Cinder driver needs root here: there is no privileged daemon")
    for privileged in (cinder.privsep.sys_admin_pctxt, os_brick.privileged.default):
        privileged.set_client_mode(False)
    objects.register_all()
    make_schema(folder / DATABASE)
    rpc.init(CONF)
    return Database(folder / DATABASE, host_of(section))


def load_driver(section: str, is_first_start: bool) -> Any:
    """The driver of a section, made as Cinder's volume manager makes it."""
    options = configuration.Configuration([DRIVER_OPTION], config_group=section)
    if not options.volume_driver:
        raise ValueError(f"the section [{section}] names no volume_driver")
    with memory.in_large_pieces():
        return by_driver(
            lambda: importutils.import_object(
                options.volume_driver,
                configuration=options,
                db=api,
                host=host_of(section),
                cluster_name=None,
                is_vol_db_empty=is_first_start,
                active_backend_id=None,
            )
        )


def start_driver(driver: Asked) -> None:
    """What the manager does when its service starts, in its order."""
    coordination.COORDINATOR.start()
    driver.do_setup(admin())
    driver.check_for_setup_error()
    driver.init_capabilities()
    driver.set_throttle()
    driver.set_initialized()


def host_of(section: str) -> str:
    return f"holeproof@{section}"
