"""Memory on a kernel in which a page's first touch is dear, as that of User-Mode Linux is."""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from typing import Iterator

MCL_FUTURE = 2


@contextmanager
def in_large_pieces() -> Iterator[None]:
    """Has the kernel bring all memory that is mapped meanwhile at once, instead of page by page. Where it may not, nothing is lost."""
    libc = ctypes.CDLL(None)
    libc.mlockall(MCL_FUTURE)
    try:
        yield
    finally:
        libc.munlockall()
