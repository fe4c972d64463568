"""What makes the adapter quick on a kernel in which a page's first touch is dear, as that of User-Mode Linux is."""

from __future__ import annotations

import ctypes
import subprocess
from contextlib import contextmanager
from functools import partial
from typing import Any, Iterator

MCL_FUTURE = 2


@contextmanager
def memory_in_large_pieces() -> Iterator[None]:
    """Has the kernel bring all memory that is mapped meanwhile at once, instead of page by page. Where it may not, nothing is lost."""
    libc = ctypes.CDLL(None)
    libc.mlockall(MCL_FUTURE)
    try:
        yield
    finally:
        libc.munlockall()


class Spawned(subprocess.Popen):
    """
    A child that is started by vfork. oslo.concurrency asks for a function to be called in the child, so that Python copies the whole of
    this process first. All that the function does is to restore SIGPIPE, which Popen does by itself.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        if is_needless(options.get("preexec_fn")):
            options["preexec_fn"] = None
        super().__init__(*args, **options)


def is_needless(function: Any) -> bool:
    from oslo_concurrency import processutils

    return isinstance(function, partial) and function.func is processutils._subprocess_setup and function.args == (None,)


def spawn_by_vfork() -> None:
    subprocess.Popen = Spawned  # type: ignore[misc]
