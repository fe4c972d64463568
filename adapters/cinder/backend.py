"""The verbs of the driver protocol, each by the driver's own method."""

from __future__ import annotations

import os
import tempfile
import uuid
from pathlib import Path
from typing import Any, Callable, Optional

from cinder import exception, version

import surroundings
from records import Snapshot, Volume, new_snapshot, new_volume
from storage import Nothing, Storage, storage_for

PROTOCOL = "holeproof-driver-1"
GIB = 1024**3

VERBS = (
    "do_setup",
    "shutdown",
    "get_capabilities",
    "create_volume",
    "delete_volume",
    "attach_volume",
    "detach_volume",
    "migrate_volume",
    "update_migrated_volume",
    "extend_volume",
    "create_snapshot",
    "delete_snapshot",
    "create_volume_from_snapshot",
    "create_cloned_volume",
)


class Backend:
    def __init__(self, config_file: Path, section: str) -> None:
        self._config_file = config_file
        self._section = section
        self._storage: Storage = Nothing()
        self._driver: Any = None
        self.ended = False

    def method(self, name: str) -> Optional[Callable[..., Any]]:
        if name not in VERBS:
            return None
        if self._driver is None and name not in ("do_setup", "shutdown"):
            raise RuntimeError(f"{name} before do_setup")
        return getattr(self, name)

    def do_setup(
        self, protocol: str, prefix: str, device: dict[str, Any], folder: str, machine: str, options: dict[str, str]
    ) -> dict[str, Any]:
        if protocol != PROTOCOL:
            raise ValueError(f"this driver speaks {PROTOCOL}, not {protocol}")
        temporary = Path(tempfile.gettempdir(), f"{prefix}_cinder")
        surroundings.configure(self._configuration({"prefix": prefix, "folder": folder}, options), temporary)
        self._records = surroundings.stand_in(held(folder) / "cinder.json")
        driver = surroundings.load_driver(self._section, self._records.is_new)
        self._storage = storage_for(driver.configuration, device["path"], temporary)
        self._storage.prepare()
        surroundings.start_driver(driver)
        self._driver = driver
        self._records.write()
        return {
            "protocol": PROTOCOL,
            "name": f"cinder {type(driver).__name__} {self._section} {version.version_string()}",
            "size_step_bytes": GIB,
            "delete_is_idempotent": self._deletes_what_is_missing(),
        }

    def shutdown(self) -> None:
        self._storage.remove()
        self.ended = True

    def get_capabilities(self) -> dict[str, Any]:
        report = dict(self._driver.get_volume_stats(refresh=True))
        # Cinder's scheduler looks at pools, and hands the pool's location_info to the source's driver.
        pools = report.get("pools") or []
        if "location_info" not in report and len(pools) == 1 and "location_info" in pools[0]:
            report["location_info"] = pools[0]["location_info"]
        return report

    def create_volume(self, name: str, size_bytes: int) -> None:
        volume = self._requested(name, size_bytes)
        self._keep(name, volume, self._driver.create_volume(volume))

    def delete_volume(self, name: str) -> None:
        # One that is missing too: what becomes of that is the driver's to say.
        self._driver.delete_volume(self._found(name) or self._new(name, GIB))
        self._records.volumes.pop(name, None)
        self._records.write()

    def attach_volume(self, name: str) -> dict[str, str]:
        volume = self._volume(name)
        path = self._driver.local_path(volume)
        self._update(volume, self._driver.create_export(surroundings.admin(), volume, {}))
        if not os.path.exists(path):
            raise FileNotFoundError(f"{name}: the driver names {path}, and there is no such file")
        return {"path": self._storage.outside(path)}

    def detach_volume(self, name: str) -> None:
        self._driver.remove_export(surroundings.admin(), self._volume(name))

    def migrate_volume(self, name: str, copy_mode: str, size_bytes: int, location_info: Any = None) -> dict[str, bool]:
        # Cinder's drivers know no copy mode: they decide by themselves, and that is what is to be seen.
        capabilities = {} if location_info is None else {"location_info": location_info}
        host = {"host": f"{surroundings.host_of('destination')}#pool", "capabilities": capabilities}
        moved, _ = self._driver.migrate_volume(surroundings.admin(), self._volume(name), host)
        if moved:
            self._records.volumes.pop(name, None)
            self._records.write()
        return {"moved": bool(moved)}

    def update_migrated_volume(self, name: str, new_name: str) -> None:
        arrived = self._volume(name)
        # The original, as it was at the source: of its place there nothing is known here.
        original = new_volume(new_name, arrived.size, host=arrived.host)
        update = self._driver.update_migrated_volume(surroundings.admin(), original, arrived, "available")
        self._update(original, {"_name_id": arrived.name_id, "provider_location": arrived.provider_location, **(update or {})})
        original.admin_metadata = arrived.admin_metadata
        self._records.volumes.pop(name, None)
        self._records.volumes[new_name] = original
        self._records.write()

    def extend_volume(self, name: str, new_size_bytes: int) -> None:
        volume = self._volume(name)
        self._driver.extend_volume(volume, gibibytes(new_size_bytes))
        volume.size = gibibytes(new_size_bytes)
        self._keep(name, volume, None)

    def create_snapshot(self, name: str, volume_name: str) -> None:
        snapshot = new_snapshot(name, self._volume(volume_name))
        self._update(snapshot, self._driver.create_snapshot(snapshot))
        self._records.snapshots[name] = snapshot
        self._records.write()

    def delete_snapshot(self, name: str, volume_name: str) -> None:
        self._driver.delete_snapshot(self._snapshot(name, volume_name))
        self._records.snapshots.pop(name, None)
        self._records.write()

    def create_volume_from_snapshot(self, name: str, size_bytes: int, snapshot_name: str, volume_name: str) -> None:
        volume = self._requested(name, size_bytes)
        snapshot = self._snapshot(snapshot_name, volume_name)
        self._keep(name, volume, self._driver.create_volume_from_snapshot(volume, snapshot))

    def create_cloned_volume(self, name: str, size_bytes: int, source_name: str) -> None:
        volume = self._requested(name, size_bytes)
        self._keep(name, volume, self._driver.create_cloned_volume(volume, self._volume(source_name)))

    def _configuration(self, words: dict[str, str], options: dict[str, str]) -> str:
        text = self._config_file.read_text()
        for word, value in words.items():
            text = text.replace("{" + word + "}", value)
        overrides = "".join(f"{key} = {value}\n" for key, value in options.items())
        return f"{text}\n[{self._section}]\n{overrides}"

    def _requested(self, name: str, size_bytes: int) -> Volume:
        """A volume to be made, after what Cinder's API and its database would have refused."""
        if size_bytes <= 0:
            raise exception.InvalidInput(reason=f"a volume of {size_bytes} bytes")
        if name in self._records.volumes:
            raise exception.Duplicate(f"there is a volume {name}")
        return self._new(name, size_bytes)

    def _new(self, name: str, size_bytes: int) -> Volume:
        return new_volume(name, gibibytes(size_bytes), host=f"{surroundings.host_of(self._section)}#pool")

    def _volume(self, name: str) -> Volume:
        volume = self._found(name)
        if volume is None:
            raise exception.VolumeNotFound(volume_id=name)
        return volume

    def _found(self, name: str) -> Optional[Volume]:
        """The volume of this name. One that another backend's driver has put here is found where it would be."""
        known = self._records.volumes.get(name)
        if known is not None:
            return known
        arrived = self._new(name, 0)
        try:
            arrived.size = gibibytes(size_of(self._driver.local_path(arrived)))
        except Exception:  # a driver may stumble over a volume that is not there in any way
            return None
        self._records.volumes[name] = arrived
        return arrived

    def _snapshot(self, name: str, volume_name: str) -> Snapshot:
        return self._records.snapshots.get(name) or new_snapshot(name, self._volume(volume_name))

    def _keep(self, name: str, volume: Volume, update: Optional[dict[str, Any]]) -> None:
        self._update(volume, update)
        self._records.volumes[name] = volume
        self._records.write()

    def _update(self, thing: Any, update: Optional[dict[str, Any]]) -> None:
        """Does with a driver's answer what Cinder's manager does with it."""
        if update:
            thing.update(update)
            thing.save()

    def _deletes_what_is_missing(self) -> bool:
        try:
            self._driver.delete_volume(self._new(str(uuid.uuid4()), GIB))
        except Exception:  # whatever it is, it is no success
            return False
        return True


def gibibytes(size_bytes: int) -> int:
    return -(-size_bytes // GIB)


def held(folder: str) -> Path:
    """The folder by a descriptor: so it is reached from another mount namespace too."""
    return Path(f"/proc/self/fd/{os.open(folder, os.O_RDONLY | os.O_DIRECTORY)}")


def size_of(path: str) -> int:
    with open(path, "rb") as file:
        return file.seek(0, os.SEEK_END)
