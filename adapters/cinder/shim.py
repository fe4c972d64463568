#!/usr/bin/python3
"""Speaks holeproof's driver protocol for a driver of OpenStack Cinder.

    python3 shim.py --config-file cinder.conf --backend lvm-thin

The driver is the class that the section's `volume_driver` names, as Cinder ships it. Around it are Cinder's own
configuration, objects and database, but none of its other services and no privileged daemon. JSON-RPC 2.0 goes over standard
input and output, one message a line; Cinder's log goes to standard error.
"""

from __future__ import annotations

import vfork  # noqa: F401

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import Any, Callable, TextIO

import json_rpc
import memory
from faults import AdapterFault, text_of


def take_stdout() -> TextIO:
    """Keeps standard output for the protocol: whatever else is written there goes to standard error from now on."""
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return own


def main() -> None:
    answers = take_stdout()
    parser = argparse.ArgumentParser(description="Serves a Cinder driver on standard input and output.")
    parser.add_argument("--config-file", required=True, type=Path, help="a cinder.conf; see the one beside this program")
    parser.add_argument("--backend", required=True, help="the section that configures the driver")
    arguments = parser.parse_args()

    json_rpc.serve(service(arguments.config_file, arguments.backend), sys.stdin, answers)


def service(config_file: Path, section: str) -> json_rpc.Service:
    # Cinder is 1500 modules that stay: looking through them for garbage again and again is a third of the start.
    gc.disable()
    # It is for this Python, and not for those that the driver may start.
    os.environ.pop("PYTHONHOME", None)
    # A driver of the user's own may lie beside its configuration.
    sys.path.append(str(config_file.resolve().parent))
    try:
        with memory.in_large_pieces():
            from backend import Backend
    except Exception as error:
        return Unusable(error)
    finally:
        gc.freeze()
        gc.enable()
    return Backend(config_file, section)


class Unusable:
    """Answers every request with what keeps Cinder from being loaded."""

    ended = False

    def __init__(self, error: Exception) -> None:
        self._error = error

    def method(self, name: str) -> Callable[..., Any]:
        def fail(**_params: Any) -> None:
            raise AdapterFault(f"Cinder cannot be loaded: {text_of(self._error)}") from self._error

        return fail


if __name__ == "__main__":
    main()
