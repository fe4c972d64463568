"""Setting a driver up by the driver protocol, and ending it."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import Any, Callable, Optional

from cinder import version

import surroundings
from faults import Asked, DriverError
from storage import Nothing, Storage, storage_for
from volumes import GIB, VERBS, Volumes

PROTOCOL = "holeproof-driver-1"


class Backend:
    def __init__(self, config_file: Path, section: str) -> None:
        self._config_file = config_file
        self._section = section
        self._storage: Storage = Nothing()
        self._volumes: Optional[Volumes] = None
        self.ended = False

    def method(self, name: str) -> Optional[Callable[..., Any]]:
        if name in ("do_setup", "shutdown"):
            return getattr(self, name)
        if name not in VERBS:
            return None
        if self._volumes is None:
            raise RuntimeError(f"{name} before do_setup")
        return getattr(self._volumes, name)

    def do_setup(
        self, protocol: str, prefix: str, device: dict[str, Any], folder: str, machine: str, options: dict[str, str]
    ) -> dict[str, Any]:
        if protocol != PROTOCOL:
            raise ValueError(f"this driver speaks {PROTOCOL}, not {protocol}")
        temporary = Path(tempfile.gettempdir(), f"{prefix}_cinder")
        surroundings.configure(self._configuration({"prefix": prefix, "folder": folder}, options), temporary)
        database = surroundings.start_services(self._section, temporary)
        driver = surroundings.load_driver(self._section, not database.has_volumes())
        self._storage = storage_for(driver.configuration, device["path"], temporary)
        self._storage.prepare()
        volumes = Volumes(Asked(driver), database, self._storage)
        surroundings.start_driver(Asked(driver))
        self._volumes = volumes
        return {
            "protocol": PROTOCOL,
            "name": f"cinder {type(driver).__name__} {self._section} {version.version_string()}",
            "size_step_bytes": GIB,
            "delete_is_idempotent": deletes_what_is_missing(volumes),
        }

    def shutdown(self) -> None:
        self._storage.remove()
        self.ended = True

    def _configuration(self, words: dict[str, str], options: dict[str, str]) -> str:
        text = self._config_file.read_text()
        for word, value in words.items():
            text = text.replace("{" + word + "}", value)
        overrides = "".join(f"{key} = {value}\n" for key, value in options.items())
        return f"{text}\n[{self._section}]\n{overrides}"


def deletes_what_is_missing(volumes: Volumes) -> bool:
    try:
        volumes.delete_volume(str(uuid.uuid4()))
    except DriverError:
        return False
    return True
