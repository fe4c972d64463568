"""
Its import lets Python start commands by vfork. In User-Mode Linux, a fork of Cinder's process takes a second, and slows it for another.
It must come before that of subprocess.
"""

from __future__ import annotations

import _posixsubprocess
import functools
from typing import Any

fork_exec = _posixsubprocess.fork_exec


def without_preparation(*arguments: Any) -> int:
    """Leaves out oslo's function that resets SIGPIPE in the child. It would need a fork, and Python resets the signal itself."""
    return fork_exec(*(None if is_of_oslo(argument) else argument for argument in arguments))


def is_of_oslo(argument: Any) -> bool:
    return (
        isinstance(argument, functools.partial)
        and argument.func.__module__ == "oslo_concurrency.processutils"
        and argument.func.__name__ == "_subprocess_setup"
        and argument.args == (None,)
    )


_posixsubprocess.fork_exec = without_preparation
