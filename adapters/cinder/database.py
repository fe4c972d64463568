"""Volumes and snapshots in a database of Cinder's own, a SQLite file of the backend's."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Iterator, Optional, TypeVar, Union

import cinder
from cinder import context, exception
from cinder.db import api
from cinder.objects import fields
from cinder.objects.snapshot import Snapshot, SnapshotList
from cinder.objects.volume import Volume, VolumeList
from cinder.volume import volume_types

from faults import last_line

NAMES = uuid.UUID("5f0a7d0a-9f5b-4f0e-8a38-6b1d0e1c2f47")
SCHEMA = str(Path(__file__).with_name("schema.py"))
READY = Path(sys.prefix).parent / "cinder.sqlite"
Thing = TypeVar("Thing", Volume, Snapshot)
PROJECT = "0123456789abcdef0123456789abcdef"


def id_of(name: str) -> str:
    """Cinder names everything by UUID, and some drivers take it apart. The same name has the same id in every backend."""
    try:
        return str(uuid.UUID(name))
    except ValueError:
        return str(uuid.uuid5(NAMES, name))


def make_schema(file: Path) -> None:
    """Makes Cinder's tables, as `cinder-manage db sync` does, unless the file has them. They take a while to make, so a release has them ready."""
    if file.exists():
        return
    new = file.with_suffix(".new")
    if READY.exists() and is_within(cinder.__file__, sys.prefix):
        shutil.copyfile(READY, new)
    else:
        made = subprocess.run([sys.executable, SCHEMA, str(new)], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise RuntimeError(f"Cinder's schema cannot be made: {last_line(made.stderr)}")
    # Whole or not at all: the process may be killed at any time.
    new.rename(file)


def is_within(path: str, folder: str) -> bool:
    return Path(folder).resolve() in Path(path).resolve().parents


class Database:
    """Finds volumes and snapshots by the names that the driver protocol gives them."""

    def __init__(self, file: Path, host: str) -> None:
        self._file = file
        self._host = host

    def has_volumes(self) -> bool:
        return len(VolumeList.get_all_by_host(admin(), self._host)) > 0

    def new_volume(self, name: str, size: int) -> Volume:
        """A volume of a size in GiB, detached and at rest."""
        about = {
            "id": id_of(name),
            "display_name": name,
            "size": size,
            "host": f"{self._host}#pool",
            "status": "available",
            "attach_status": fields.VolumeAttachStatus.DETACHED,
            "volume_type_id": volume_types.get_default_volume_type()["id"],
            "user_id": PROJECT,
            "project_id": PROJECT,
            "availability_zone": "nova",
            "use_quota": True,
            "metadata": {},
            "admin_metadata": {},
        }
        api.volume_create(admin(), about)
        return Volume.get_by_id(admin(), about["id"])

    def volume(self, name: str) -> Optional[Volume]:
        try:
            return Volume.get_by_id(admin(), id_of(name))
        except exception.VolumeNotFound:
            return None

    def new_snapshot(self, name: str, volume: Volume) -> Snapshot:
        about = {
            "id": id_of(name),
            "display_name": name,
            "volume_id": volume.id,
            "volume_size": volume.size,
            "volume_type_id": volume.volume_type_id,
            "status": fields.SnapshotStatus.AVAILABLE,
            "user_id": PROJECT,
            "project_id": PROJECT,
            "use_quota": True,
            "metadata": {},
        }
        api.snapshot_create(admin(), about)
        return Snapshot.get_by_id(admin(), about["id"])

    def snapshot(self, name: str) -> Optional[Snapshot]:
        try:
            return Snapshot.get_by_id(admin(), id_of(name))
        except exception.SnapshotNotFound:
            return None

    def has_snapshots(self, volume: Volume) -> bool:
        return len(SnapshotList.get_all_for_volume(admin(), volume.id)) > 0

    @contextmanager
    def kept(self, thing: Thing) -> Iterator[Thing]:
        """Gives what a driver is to make. It is known afterwards only if the driver made it."""
        try:
            yield thing
        except BaseException:
            self.remove(thing)
            raise

    @contextmanager
    def lent(self, thing: Thing) -> Iterator[Thing]:
        """Gives what is known for this long only."""
        try:
            yield thing
        finally:
            self.remove(thing)

    def remove(self, thing: Union[Volume, Snapshot]) -> None:
        """Cinder keeps the rows of what is deleted, as it never uses an id twice. Here a name may come back, and its id with it."""
        thing.destroy()
        table = "volumes" if isinstance(thing, Volume) else "snapshots"
        with closing(sqlite3.connect(self._file)) as connection, connection:
            connection.execute(f"DELETE FROM {table} WHERE id = ?", (thing.id,))


def admin() -> context.RequestContext:
    return context.get_admin_context()
