"""The verbs of the driver protocol, each by the driver's own method, with what Cinder's manager does before and after it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Optional

from cinder.objects.snapshot import Snapshot
from cinder.objects.volume import Volume
from cinder.volume import volume_utils

import destination
from database import Database, Thing, admin
from faults import Asked, DriverError, NotOffered
from storage import Storage

GIB = 1024**3

# What drivers report of their pools, and a driver of the protocol of itself. The claim is none of it: a pool's does not count.
OF_POOLS = ("location_info", "thin_provisioning_support")

VERBS = (
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


class Volumes:
    def __init__(self, driver: Asked, database: Database, storage: Storage) -> None:
        self._driver = driver
        self._database = database
        self._storage = storage
        # What os-brick has connected, by the volume's name.
        self._connections: dict[str, Any] = {}

    def get_capabilities(self) -> dict[str, Any]:
        report = dict(self._driver.get_volume_stats(True))
        # Cinder's scheduler looks at pools, and hands the pool's location_info to the source's driver.
        pools = report.get("pools") or []
        if len(pools) == 1:
            report = {**{key: pools[0][key] for key in OF_POOLS if key in pools[0]}, **report}
        return report

    def create_volume(self, name: str, size_bytes: int) -> None:
        with self._requested(name, size_bytes) as volume:
            update(volume, self._driver.create_volume(volume))

    def delete_volume(self, name: str) -> None:
        found = self._found(name)
        if found is not None and self._database.has_snapshots(found):
            raise DriverError(f"InvalidVolume: {name} has snapshots")
        with self._removed(found, lambda: self._database.new_volume(name, 1)) as volume:
            self._driver.delete_volume(volume)

    def attach_volume(self, name: str) -> dict[str, str]:
        volume = self._volume(name)
        try:
            path = self._driver.local_path(volume)
            update(volume, self._driver.create_export(admin(), volume, {}))
        except NotOffered:
            path = self._connect(name, volume)
        if not os.path.exists(path):
            raise DriverError(f"{name}: the driver names {path}, and there is no such file")
        return {"path": self._storage.outside(path)}

    def detach_volume(self, name: str) -> None:
        volume = self._volume(name)
        connection = self._connections.pop(name, None)
        if connection is None:
            self._driver.remove_export(admin(), volume)
        else:
            self._driver._detach_volume(admin(), connection, volume, connector_properties())

    def _connect(self, name: str, volume: Volume) -> str:
        """Connects a volume of a driver that knows no local path, by os-brick, as Cinder does for its own copies."""
        if name not in self._connections:
            self._connections[name], _ = self._driver._attach_volume(admin(), volume, connector_properties())
        path = self._connections[name]["device"]["path"]
        if not isinstance(path, str):
            raise DriverError(f"{name}: the connection has no path but a {type(path).__name__}, which only Cinder's own code can read")
        return path

    def migrate_volume(self, name: str, copy_mode: str, size_bytes: int, location_info: Any = None) -> dict[str, bool]:
        # Cinder's drivers know no copy mode: they decide by themselves, and that is what is to be seen. One that asks the destination
        # is told what it claims.
        capabilities = {} if location_info is None else {"location_info": location_info}
        host = {"host": f"{destination.BACKEND}#pool", "capabilities": capabilities}
        volume = self._volume(name)
        with destination.answering(copy_mode == "sparse"):
            moved, _ = self._driver.migrate_volume(admin(), volume, host)
        if moved:
            self._database.remove(volume)
        return {"moved": bool(moved)}

    def update_migrated_volume(self, name: str, new_name: str) -> None:
        arrived = self._volume(name)
        # The original, as it was at the source: of its place there nothing is known here.
        with self._database.kept(self._database.new_volume(new_name, arrived.size)) as original:
            answer = self._driver.update_migrated_volume(admin(), original, arrived, "available")
            original.admin_metadata = arrived.admin_metadata
            update(original, {"_name_id": arrived.name_id, "provider_location": arrived.provider_location, **(answer or {})})
        self._database.remove(arrived)

    def extend_volume(self, name: str, new_size_bytes: int) -> None:
        volume = self._volume(name)
        self._driver.extend_volume(volume, gibibytes(new_size_bytes))
        update(volume, {"size": gibibytes(new_size_bytes)})

    def create_snapshot(self, name: str, volume_name: str) -> None:
        volume = self._volume(volume_name)
        with self._database.kept(self._database.new_snapshot(name, volume)) as snapshot:
            update(snapshot, self._driver.create_snapshot(snapshot))

    def delete_snapshot(self, name: str, volume_name: str) -> None:
        found = self._database.snapshot(name)
        with self._removed(found, lambda: self._database.new_snapshot(name, self._volume(volume_name))) as snapshot:
            self._driver.delete_snapshot(snapshot)

    def create_volume_from_snapshot(self, name: str, size_bytes: int, snapshot_name: str, volume_name: str) -> None:
        snapshot = self._snapshot(snapshot_name)
        with self._requested(name, size_bytes) as volume:
            update(volume, self._driver.create_volume_from_snapshot(volume, snapshot))

    def create_cloned_volume(self, name: str, size_bytes: int, source_name: str) -> None:
        source = self._volume(source_name)
        with self._requested(name, size_bytes) as volume:
            update(volume, self._driver.create_cloned_volume(volume, source))

    @contextmanager
    def _removed(self, found: Optional[Thing], missing: Callable[[], Thing]) -> Iterator[Thing]:
        """Gives what a driver is to delete. The driver decides how to answer for one that is missing."""
        if found is None:
            with self._database.lent(missing()) as lent:
                yield lent
        else:
            yield found
            self._database.remove(found)

    @contextmanager
    def _requested(self, name: str, size_bytes: int) -> Iterator[Volume]:
        """A volume to be made, after what Cinder's API and its database would have refused."""
        if size_bytes <= 0:
            raise DriverError(f"InvalidInput: a volume of {size_bytes} bytes")
        if self._database.volume(name) is not None:
            raise DriverError(f"Duplicate: there is a volume {name}")
        with self._database.kept(self._database.new_volume(name, gibibytes(size_bytes))) as volume:
            yield volume

    def _volume(self, name: str) -> Volume:
        volume = self._found(name)
        if volume is None:
            raise DriverError(f"VolumeNotFound: {name}")
        return volume

    def _found(self, name: str) -> Optional[Volume]:
        """The volume of this name. One that another backend's driver has put here is found where it would be."""
        known = self._database.volume(name)
        if known is not None:
            return known
        arrived = self._database.new_volume(name, 0)
        try:
            size = size_of(self._driver.local_path(arrived))
        except (DriverError, OSError):  # a driver may stumble over a volume that is not there in any way
            self._database.remove(arrived)
            return None
        update(arrived, {"size": gibibytes(size)})
        return arrived

    def _snapshot(self, name: str) -> Snapshot:
        snapshot = self._database.snapshot(name)
        if snapshot is None:
            raise DriverError(f"SnapshotNotFound: {name}")
        return snapshot


def connector_properties() -> dict[str, Any]:
    return volume_utils.brick_get_connector_properties()


def update(thing: Any, answer: Optional[dict[str, Any]]) -> None:
    """Does with a driver's answer what Cinder's manager does with it."""
    if answer:
        thing.update(answer)
    thing.save()


def gibibytes(size_bytes: int) -> int:
    return -(-size_bytes // GIB)


def size_of(path: str) -> int:
    with open(path, "rb") as file:
        return file.seek(0, os.SEEK_END)
