"""Makes the storage that a backend's section expects to find, on the device that is the driver's alone."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Protocol

NFS_SCRIPTS = Path(__file__).resolve().parents[2] / "harness" / "drivers" / "nfs"
START, STOP, ANSWERER = "start.sh", "stop.sh", "answerer.pl"
LOOPBACK = "127.0.0.1"


class Storage(Protocol):
    def prepare(self) -> None:
        """Makes what is not there yet."""

    def remove(self) -> None:
        """Takes back what `prepare` made, with all that is in it."""

    def outside(self, path: str) -> str:
        """How other processes reach a path of this one."""


class Nothing:
    """For drivers whose storage is somewhere else, or there already."""

    def prepare(self) -> None:
        pass

    def remove(self) -> None:
        pass

    def outside(self, path: str) -> str:
        return path


class VolumeGroup(Nothing):
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


class NfsExport(Nothing):
    """
    An NFS server of this machine's kernel that exports a share on the device, in network and mount namespaces of its own.
    This process enters them, so what the driver mounts is seen there only.
    """

    def __init__(self, share: str, device: str, folder: Path) -> None:
        self._share = share
        self._device = device
        self._folder = folder
        self._pid = folder / "pid"

    def prepare(self) -> None:
        self._folder.mkdir(exist_ok=True)
        if not self._runs():
            # The server is known by the path of its answerer, so each has a copy of its own.
            for script in (START, STOP, ANSWERER):
                shutil.copy(NFS_SCRIPTS / script, self._folder)
            start = ("sh", self._own(START), str(self._folder), self._device, self._own(ANSWERER))
            # It stands for another machine, so who kills this process, its group or all that has its mark must spare it.
            marked = ("env", "--unset=HOLEPROOF_DRIVER", f"HOLEPROOF_STORAGE={os.environ.get('HOLEPROOF_DRIVER', '')}")
            run("setsid", "--wait", *marked, "unshare", "--net", "--mount", "--propagation", "private", *start)
        enter(self._pid.read_text().strip(), "net", "mnt")
        Path(f"{self._folder}/mnt/{self._share}").mkdir(exist_ok=True)

    def remove(self) -> None:
        if not self._runs():
            return
        for line in Path("/proc/self/mounts").read_text().splitlines():
            source, target = line.split()[:2]
            if source.startswith(f"{LOOPBACK}:{self._share}"):
                run("umount", target)
        run("sh", self._own(STOP), str(self._folder))

    def outside(self, path: str) -> str:
        return f"/proc/{self._pid.read_text().strip()}/root{path}"

    def _own(self, script: str) -> str:
        return str(self._folder / script)

    def _runs(self) -> bool:
        return self._pid.exists() and Path("/proc", self._pid.read_text().strip()).exists()


def storage_for(options: Any, device: str, folder: Path) -> Storage:
    """What a driver with these options needs."""
    group = options.safe_get("volume_group")
    if group is not None:
        return VolumeGroup(group, device)
    if options.safe_get("nas_host") == LOOPBACK:
        return NfsExport(options.nas_share_path, device, folder / "nfs")
    return Nothing()


def enter(pid: str, *kinds: str) -> None:
    """Moves this process into namespaces of another; os.setns is of Python 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    for kind in kinds:
        with open(f"/proc/{pid}/ns/{kind}", "rb") as namespace:
            if libc.setns(namespace.fileno(), 0) != 0:
                error = ctypes.get_errno()
                raise OSError(error, f"{os.strerror(error)}: the {kind} namespace of process {pid}")


def run(*command: str) -> str:
    """Runs a command that must succeed and gives its output."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} exited with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
