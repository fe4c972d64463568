#!/usr/bin/env python3
"""A volume driver for holeproof, to copy and change: LVM thin volumes on the device that do_setup gives.

Replace the bodies of the class Driver with calls to your storage. The part below it speaks the protocol of
docs/protocol.md and can stay as it is. Needs Python 3.9 and its standard library.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from typing import Any, Optional

PROTOCOL = "holeproof-driver-1"


class DriverError(Exception):
    """The message of an error answer: state what is wrong, and with which volume."""


class Driver:
    """Your driver, with one method for each verb. The answer to a verb without a method is "method not found".

    The parameters of a method have the names of the protocol. The method returns the result of the verb, or nothing. An
    exception becomes an error answer.
    """

    # The answer to do_setup, beside the protocol's version. You may leave out all of it.
    about = {"name": "lvm-thin template"}

    def __init__(self, prefix: str, device: dict[str, Any], folder: str, machine: str, options: dict[str, str]) -> None:
        """do_setup. Runs after each start of the program, so it makes only what is not there yet."""
        # ---- replace: connect to your storage; what you make outside the folder has names that begin with the prefix ----
        self.device = device["path"]
        self.group = f"{prefix}_vg"
        self.pool = "pool"
        if self.group not in names_of(["vgs", "-o", "vg_name"]):
            run(["vgcreate", "--quiet", "--yes", self.group, self.device])
        if self.pool not in self._lvs():
            # Zeroing makes the claim true: a new chunk holds no stale bytes around what is written to it.
            make_pool = ["lvcreate", "--quiet", "--yes", "--type", "thin-pool", "--zero", "y", "--extents", "100%FREE"]
            run([*make_pool, "--name", self.pool, self.group])
        run(["vgchange", "--quiet", "--activate", "y", self.group])

    def shutdown(self) -> None:
        """Takes back what do_setup made, with all volumes."""
        # ---- replace ----
        run(["vgremove", "--quiet", "--force", "--force", "--yes", self.group])
        run(["pvremove", "--quiet", "--yes", self.device])

    def get_capabilities(self) -> dict[str, Any]:
        # ---- replace: claim true only if every byte of a new volume that was never written reads as zero ----
        zeroing = names_of(["lvs", "-o", "zero", f"{self.group}/{self.pool}"]) == ["zero"]
        return {
            "volume_backend_name": self.group,
            "vendor_name": "holeproof",
            "driver_version": "1.0",
            "storage_protocol": "local",
            "thin_provisioning_support": True,
            "sparse_copy_volume": zeroing,
        }

    def create_volume(self, name: str, size_bytes: int) -> None:
        # ---- replace: an error if the name is taken or the size does not fit; a larger volume is fine ----
        make_thin = ["lvcreate", "--quiet", "--yes", "--type", "thin", "--thinpool", self.pool]
        run([*make_thin, "--name", volume_lv(name), "--virtualsize", lvm_size(size_bytes), self.group])

    def delete_volume(self, name: str) -> None:
        # ---- replace: an error if there is no such volume ----
        run(["lvremove", "--quiet", "--yes", self._known(volume_lv(name))])

    def attach_volume(self, name: str) -> dict[str, str]:
        # ---- replace: the path of the volume's block device or raw file on this machine ----
        path = f"/dev/{self._known(volume_lv(name))}"
        if not os.path.exists(path):
            raise DriverError(f"there is no device {path}")
        return {"path": path}

    def detach_volume(self, name: str) -> None:
        # ---- replace: take the path away again, or do nothing if it may stay ----
        self._known(volume_lv(name))

    # The verbs from here on are optional: remove what your storage cannot do.

    def update_migrated_volume(self, name: str, new_name: str) -> None:
        # ---- replace: rename the volume ----
        run(["lvrename", "--quiet", self.group, volume_lv(name), volume_lv(new_name)])

    def extend_volume(self, name: str, new_size_bytes: int) -> None:
        # ---- replace: the added part must read as zero too ----
        self._grow(self._known(volume_lv(name)), new_size_bytes)

    def create_snapshot(self, name: str, volume_name: str) -> None:
        # ---- replace ----
        self._thin_snapshot(volume_lv(volume_name), snapshot_lv(name))

    def delete_snapshot(self, name: str, volume_name: str) -> None:
        # ---- replace ----
        run(["lvremove", "--quiet", "--yes", self._known(snapshot_lv(name))])

    def create_volume_from_snapshot(self, name: str, size_bytes: int, snapshot_name: str, volume_name: str) -> None:
        # ---- replace: later writes to the volume must not change the snapshot ----
        self._copy(snapshot_lv(snapshot_name), volume_lv(name), size_bytes)

    def create_cloned_volume(self, name: str, size_bytes: int, source_name: str) -> None:
        # ---- replace: later writes to either volume must not change the other ----
        self._copy(volume_lv(source_name), volume_lv(name), size_bytes)

    # ---- replace: the rest of the class serves the bodies above ----

    def _lvs(self) -> list[str]:
        return names_of(["lvs", "-o", "lv_name", self.group])

    def _known(self, lv: str) -> str:
        if lv not in self._lvs():
            raise DriverError(f"there is no {lv} in {self.group}")
        return f"{self.group}/{lv}"

    def _copy(self, source: str, target: str, size_bytes: int) -> None:
        lvm_size(size_bytes)  # before anything is made
        self._thin_snapshot(source, target)
        try:
            self._grow(f"{self.group}/{target}", size_bytes)
        except DriverError:
            run(["lvremove", "--quiet", "--yes", f"{self.group}/{target}"])
            raise

    def _thin_snapshot(self, source: str, target: str) -> None:
        """A thin volume that shares its chunks with the source until either is written."""
        share = ["lvcreate", "--quiet", "--yes", "--type", "thin", "--setactivationskip", "n"]
        run([*share, "--name", target, self._known(source)])

    def _grow(self, lv: str, size_bytes: int) -> None:
        size_text, extent_text = run(["lvs", *PLAIN, "-o", "lv_size,vg_extent_size", lv]).split()
        size, extent = int(size_text), int(extent_text)
        rounded = (int(lvm_size(size_bytes)[:-1]) + extent - 1) // extent * extent
        if rounded < size:
            raise DriverError(f"{lv} has {size} bytes already, {size_bytes} are fewer")
        if rounded > size:
            run(["lvextend", "--quiet", "--size", f"{rounded}b", lv])


PLAIN = ["--noheadings", "--nosuffix", "--units", "b"]


# LVM keeps some names to itself, such as those that begin with "snapshot": a prefix of our own avoids them.
def volume_lv(name: str) -> str:
    return f"vol.{checked(name)}"


def snapshot_lv(name: str) -> str:
    return f"snap.{checked(name)}"


def checked(name: str) -> str:
    """A name that is neither an option nor a path."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}", name):
        raise DriverError(f"{name!r} cannot name a volume: letters, digits and _ . + - only")
    return name


def lvm_size(size_bytes: int) -> str:
    """A size for LVM, which takes whole sectors and rounds them up to extents."""
    if isinstance(size_bytes, bool) or not isinstance(size_bytes, int) or size_bytes <= 0:
        raise DriverError(f"{size_bytes!r} is no size: a whole number of bytes above 0 is needed")
    return f"{(size_bytes + 511) // 512 * 512}b"


def names_of(argv: list[str]) -> list[str]:
    return run([argv[0], "--noheadings", *argv[1:]]).split()


def run(argv: list[str]) -> str:
    """Runs a command and returns what it printed. Nothing reaches our standard output, which belongs to the protocol."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise DriverError(f"{' '.join(argv)}: {' '.join(done.stderr.split()) or f'exit code {done.returncode}'}")
    return done.stdout


# ---------------------------------------------------------------------------------------------------------------------
# The protocol: JSON-RPC 2.0, one message in each line, requests on standard input and answers on standard output.
# ---------------------------------------------------------------------------------------------------------------------

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, DRIVER_FAILED = -32700, -32600, -32601, -32602, -32000

VERBS = (
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


class RpcError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Service:
    def __init__(self) -> None:
        self.driver: Optional[Driver] = None

    def call(self, method: str, params: dict[str, Any]) -> Any:
        if method == "do_setup":
            if params.get("protocol") != PROTOCOL:
                raise DriverError(f"this driver speaks {PROTOCOL}, not {params.get('protocol')}")
            self.driver = Driver(**fitting(Driver, params))
            return {"protocol": PROTOCOL, **Driver.about}
        if method not in VERBS or not hasattr(Driver, method):
            raise RpcError(METHOD_NOT_FOUND, f"there is no {method} here")
        if self.driver is None:
            raise DriverError("do_setup comes first")
        verb = getattr(self.driver, method)
        return verb(**fitting(verb, params))

    def answer(self, line: str) -> dict[str, Any]:
        request_id: Any = None
        try:
            try:
                request = json.loads(line)
            except ValueError as error:
                raise RpcError(PARSE_ERROR, f"this is no JSON: {error}") from error
            if not isinstance(request, dict) or not isinstance(request.get("method"), str):
                raise RpcError(INVALID_REQUEST, "this is no request")
            request_id = request.get("id")
            params = request.get("params", {})
            if not isinstance(params, dict):
                raise RpcError(INVALID_PARAMS, "params must be an object")
            result = self.call(request["method"], params)
            return {"jsonrpc": "2.0", "id": request_id, "result": {} if result is None else result}
        except RpcError as error:
            code, message = error.code, str(error)
        except DriverError as error:
            code, message = DRIVER_FAILED, str(error)
        except Exception as error:  # a fault of the driver's own must not end it: the next verb may work
            code, message = DRIVER_FAILED, f"{type(error).__name__}: {error}"
        print(message, file=sys.stderr, flush=True)
        return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}


def fitting(verb: Any, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters that a method takes: a later version of the protocol may send more."""
    signature = inspect.signature(verb)
    known = {key: value for key, value in params.items() if key in signature.parameters}
    try:
        signature.bind(**known)
    except TypeError as error:
        raise RpcError(INVALID_PARAMS, str(error)) from error
    return known


def main() -> None:
    service = Service()
    for line in sys.stdin:  # ends when standard input closes, and the program with it
        if line.strip():
            print(json.dumps(service.answer(line)), flush=True)


if __name__ == "__main__":
    main()
