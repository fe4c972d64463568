#!/usr/bin/python3
"""Speaks holeproof's driver protocol for a driver of OpenStack Cinder.

    python3 shim.py --config-file cinder.conf --backend lvm-thin

The driver is the class that the section's `volume_driver` names, as Cinder ships it. It runs without Cinder's services:
no database, no message queue, no privileged daemon. JSON-RPC 2.0 goes over standard input and output, one message a line;
Cinder's log goes to standard error.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import TextIO


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

    # Cinder is 1500 modules that stay: looking through them for garbage again and again is a third of the start.
    gc.disable()
    import json_rpc
    from backend import Backend

    gc.freeze()
    gc.enable()

    backend = Backend(arguments.config_file, arguments.backend)
    json_rpc.serve(backend, sys.stdin, answers)


if __name__ == "__main__":
    main()
