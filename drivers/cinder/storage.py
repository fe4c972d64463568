"""Makes the storage that a backend's section expects to find, on the device that is the driver's alone."""

from __future__ import annotations

import os
import subprocess
from typing import Any, Optional, Protocol


class Storage(Protocol):
    def prepare(self) -> None:
        """Makes what is not there yet."""

    def remove(self) -> None:
        """Takes back what `prepare` made, with all that is in it."""


class VolumeGroup:
    """The volume group of an LVM driver. Its configuration is the environment's LVM_SYSTEM_DIR."""

    def __init__(self, name: str, device: str) -> None:
        self._name = name
        self._device = device

    def prepare(self) -> None:
        if not self._exists():
            run("vgcreate", "--quiet", "--yes", self._name, self._device)

    def remove(self) -> None:
        if self._exists():
            run("vgremove", "--quiet", "--force", "--force", "--yes", self._name)

    def _exists(self) -> bool:
        return self._name in run("vgs", "--noheadings", "--options", "vg_name").split()


def storage_for(options: Any, device: str) -> Optional[Storage]:
    """What a driver with these options needs; None where it brings its own."""
    group = options.safe_get("volume_group")
    if group is not None:
        return VolumeGroup(group, device)
    return None


def run(*command: str) -> str:
    """Runs a command that must succeed and gives its output."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} exited with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
