"""Runs Cinder's API, scheduler and volume managers in one process, each as Cinder ships it."""

from __future__ import annotations

import sys

sys.path.append("/adapter")
import vfork  # noqa: F401

# Its import does what the start of a service does. It comes first, as eventlet must patch what others import.
import cinder.cmd.volume  # noqa: F401

import argparse
import os
import shlex
import time
from pathlib import Path
from typing import Any, Iterator

import os_brick
from cinder import coordination, objects, rpc, service, utils, version
from cinder.common import config
from cinder.db import migration
from oslo_config import cfg
from oslo_log import log as logging
from oslo_messaging._drivers import impl_fake
from oslo_privsep import priv_context

CONF = cfg.CONF
HEARTBEAT_SECONDS = 5
POLL_SECONDS = 0.2


class Managers:
    """The scheduler and the volume managers."""

    def __init__(self, services: list[Any]) -> None:
        self._services = {some.host: some for some in services}

    def start(self) -> None:
        for some in self._services.values():
            some.start()
        for host, some in self._services.items():
            # As an exception it would go to the log alone.
            if not some.manager.is_working():
                sys.exit(f"{host} reports problems, so Cinder would count it as down before long")

    def heartbeat(self) -> None:
        """Reports each service's state. Cinder keeps the id that it does this by in the class, as a process has one service."""
        for some in self._services.values():
            service.Service.service_id = some.origin_service_id
            some.report_state()

    def obey(self, fault: list[str]) -> None:
        """`down HOST` ends a service. `late SECONDS HOST` delays its answers about its capabilities, as a full queue would."""
        host = fault[-1]
        if fault[0] == "down":
            some = self._services.pop(host)
            some.rpcserver.stop()
            some.backend_rpcserver.stop()
        else:
            answer_late(self._services[host].manager, float(fault[1]))


def answer_late(manager: Any, seconds: float) -> None:
    in_time = manager.get_capabilities

    def late(*arguments: Any, **named: Any) -> Any:
        time.sleep(seconds)
        return in_time(*arguments, **named)

    manager.get_capabilities = late


def main() -> None:
    parser = argparse.ArgumentParser(description="Runs the whole Cinder in one process.")
    parser.add_argument("--config-file", required=True, type=Path, help="a cinder.conf")
    parser.add_argument("--pid-file", required=True, type=Path, help="written once all services are up")
    parser.add_argument("--fault-file", required=True, type=Path, help="read and removed whenever it appears: see Managers.obey")
    arguments = parser.parse_args()
    send_contexts_as_a_broker_does()
    configure(arguments.config_file)
    migration.db_sync()
    coordination.COORDINATOR.start()
    services = Managers(list(create()))
    services.start()
    service.WSGIService("osapi_volume").start()
    arguments.pid_file.write_text(str(os.getpid()))
    last = 0.0
    while True:
        if time.monotonic() - last > HEARTBEAT_SECONDS:
            services.heartbeat()
            last = time.monotonic()
        if arguments.fault_file.exists():
            services.obey(arguments.fault_file.read_text().split())
            arguments.fault_file.unlink()
        time.sleep(POLL_SECONDS)


def send_contexts_as_a_broker_does() -> None:
    """RabbitMQ's transport makes a dict of a context, and the heartbeat of 28.0.0 counts on that. `fake` would deliver the object itself."""
    as_it_is = impl_fake.FakeDriver.send

    def as_a_dict(self: Any, target: Any, context: Any, *arguments: Any, **named: Any) -> Any:
        return as_it_is(self, target, context if isinstance(context, dict) else context.to_dict(), *arguments, **named)

    impl_fake.FakeDriver.send = as_a_dict


def configure(file: Path) -> None:
    objects.register_all()
    CONF(["--config-file", str(file)], project="cinder", version=version.version_string())
    config.set_middleware_defaults()
    logging.setup(CONF, "cinder")
    rpc.init(CONF)
    priv_context.init(root_helper=shlex.split(utils.get_root_helper()))
    os_brick.setup(CONF)


def create() -> Iterator[Any]:
    yield service.Service.create(binary="cinder-scheduler", report_interval=0)
    for backend in CONF.enabled_backends:
        host = f"{CONF.host}@{backend}"
        yield service.Service.create(binary="cinder-volume", host=host, service_name=backend, report_interval=0)


if __name__ == "__main__":
    main()
