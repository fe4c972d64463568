"""What Cinder would keep of volumes and snapshots in its database, in a JSON file of the backend's folder."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, ClassVar, Iterator

import cinder.objects.snapshot
import cinder.objects.volume
from cinder import context, exception
from cinder.objects import fields

NAMES = uuid.UUID("5f0a7d0a-9f5b-4f0e-8a38-6b1d0e1c2f47")


def id_of(name: str) -> str:
    """Cinder names everything by UUID, and some drivers take it apart. The same name has the same id in every backend."""
    try:
        return str(uuid.UUID(name))
    except ValueError:
        return str(uuid.uuid5(NAMES, name))


class Volume(cinder.objects.volume.Volume):
    """Cinder's volume object, saved into the records."""

    records: ClassVar[Records]

    def save(self) -> None:
        self.obj_reset_changes()
        self.records.write()

    @classmethod
    def get_by_id(cls, ctxt: Any, id: str, *args: Any, **kwargs: Any) -> Volume:
        return cls.records.volume_of_id(ctxt, id)


class Snapshot(cinder.objects.snapshot.Snapshot):
    """Cinder's snapshot object, saved into the records. What a driver makes for itself is of its own keeping."""

    records: ClassVar[Records]

    def create(self) -> None:
        set_missing(self, snapshot_defaults(str(uuid.uuid4()), self.records.volume_of_id(self.obj_context, self.volume_id)))

    def save(self) -> None:
        self.obj_reset_changes()
        self.records.write()

    def destroy(self) -> None:
        pass


def new_volume(name: str, size: int, **known: Any) -> Volume:
    """A volume of a size in GiB, detached and at rest."""
    volume = Volume(context.get_admin_context(), size=size, **known)
    set_missing(volume, volume_defaults(name))
    return volume


def new_snapshot(name: str, volume: Volume, **known: Any) -> Snapshot:
    snapshot = Snapshot(context.get_admin_context(), **known)
    set_missing(snapshot, {"display_name": name, **snapshot_defaults(id_of(name), volume)})
    return snapshot


def volume_defaults(name: str) -> dict[str, Any]:
    return {
        "id": id_of(name),
        "display_name": name,
        "status": "available",
        "attach_status": fields.VolumeAttachStatus.DETACHED,
        "deleted": False,
        "multiattach": False,
        "use_quota": True,
        "metadata": {},
        "admin_metadata": {},
        "glance_metadata": {},
        "volume_attachment": cinder.objects.VolumeAttachmentList(objects=[]),
        "snapshots": cinder.objects.SnapshotList(objects=[]),
    }


def snapshot_defaults(id: str, volume: Volume) -> dict[str, Any]:
    return {
        "id": id,
        "status": fields.SnapshotStatus.AVAILABLE,
        "volume": volume,
        "volume_id": volume.id,
        "volume_size": volume.size,
        "use_quota": True,
        "metadata": {},
    }


def set_missing(thing: Any, values: dict[str, Any]) -> None:
    """Sets every field that is not set, so that none is looked for in a database."""
    for field in thing.fields:
        if not thing.obj_attr_is_set(field):
            setattr(thing, field, values.get(field))
    thing.obj_reset_changes()


class Records:
    def __init__(self, file: Path) -> None:
        self._file = file
        self.is_new = not file.exists()
        self.volumes: dict[str, Volume] = {}
        self.snapshots: dict[str, Snapshot] = {}
        if not self.is_new:
            self._read()

    def volume_of_id(self, ctxt: Any, id: str) -> Volume:
        for volume in self.volumes.values():
            if volume.id == id:
                return volume
        raise exception.VolumeNotFound(volume_id=id)

    def write(self) -> None:
        records = {
            "volumes": {name: dict(simple_fields(volume)) for name, volume in self.volumes.items()},
            "snapshots": {
                name: {"volume_name": snapshot.volume.display_name, **dict(simple_fields(snapshot))}
                for name, snapshot in self.snapshots.items()
            },
        }
        # Whole or not at all: the process may be killed at any time.
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(records, indent=1))
        new.replace(self._file)

    def _read(self) -> None:
        records = json.loads(self._file.read_text())
        for name, known in records["volumes"].items():
            self.volumes[name] = new_volume(name, **known)
        for name, known in records["snapshots"].items():
            volume_name = known.pop("volume_name")
            # Some drivers let a volume go before its snapshots.
            volume = self.volumes.get(volume_name) or new_volume(volume_name, known["volume_size"])
            self.snapshots[name] = new_snapshot(name, volume, **known)


def simple_fields(thing: Any) -> Iterator[tuple[str, Any]]:
    """The fields that a JSON file can keep and that say something."""
    for field in thing.fields:
        value = getattr(thing, field) if thing.obj_attr_is_set(field) else None
        if isinstance(value, (str, int, float, bool, dict)):
            yield field, value
