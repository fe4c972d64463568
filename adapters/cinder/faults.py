"""Tells faults of what surrounds a driver here from the driver's own."""

from __future__ import annotations

import traceback
from typing import Any, Callable, Iterator, Optional, TypeVar

Answer = TypeVar("Answer")
MOST_TEXT = 500
# Cinder has no exception for what its operator does without. Its NFS driver says this of snapshots.
TURNED_OFF = "disabled in cinder.conf"


class DriverError(Exception):
    """What the driver, or Cinder on its behalf, has to say against a request."""


class NotOffered(DriverError):
    """The driver does not have what is asked for."""


class AdapterFault(Exception):
    """Something else than the driver failed: what is seen says nothing about the driver."""


class Asked:
    """A driver whose methods raise DriverError, or AdapterFault where what surrounds the driver failed in the course of it."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args: by_driver(lambda: getattr(self._driver, name, lacking)(*args))


def lacking(*_args: Any) -> Any:
    raise NotImplementedError("it has no such method")


def by_driver(ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except NotImplementedError as error:
        raise NotOffered(text_of(error)) from error
    except Exception as error:
        why = why_not_driver(error)
        if why is not None:
            raise AdapterFault(why) from error
        raise (NotOffered if TURNED_OFF in str(error) else DriverError)(text_of(error)) from error


def why_not_driver(error: BaseException) -> Optional[str]:
    """What failed beneath the driver, where an exception comes from there. A driver may have wrapped it in one of its own."""
    for one in chain_of(error):
        for what, kinds in kinds_beneath().items():
            if isinstance(one, kinds):
                return f"{what}: {text_of(one)}"
        # The name of a program, which was looked for in PATH.
        if isinstance(one, FileNotFoundError) and isinstance(one.filename, str) and "/" not in one.filename:
            return f"there is no program {one.filename} here"
    return None


def kinds_beneath() -> dict[str, tuple[type[BaseException], ...]]:
    # Here, as each of these may be what cannot be imported.
    import oslo_config.cfg
    import oslo_db.exception
    import oslo_messaging
    import sqlalchemy.exc

    return {
        "Cinder's database": (oslo_db.exception.DBError, sqlalchemy.exc.SQLAlchemyError),
        "Cinder's configuration": (oslo_config.cfg.Error,),
        "Cinder's message bus": (oslo_messaging.MessagingException,),
        "Cinder's Python": (ImportError,),
    }


def chain_of(error: Optional[BaseException]) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def text_of(error: BaseException) -> str:
    """What a person needs of an exception, on one line: no statement of SQL, and of a command that failed its end and its last words."""
    name = type(error).__name__
    if hasattr(error, "cmd") and hasattr(error, "exit_code"):
        said = last_line(getattr(error, "stderr", None)) or last_line(getattr(error, "stdout", None))
        return shortened(f"{name}: '{error.cmd}' exited with {error.exit_code}" + (f": {said}" if said else ""))
    text = " ".join(str(error).split("\n[SQL:")[0].split())
    return shortened(f"{name}: {text}" if text else name)


def last_line(text: Any) -> str:
    """The last line that is no warning: LVM ends with one after the error."""
    lines = text.strip().splitlines() if isinstance(text, str) else []
    errors = [line.strip() for line in lines if "WARNING:" not in line]
    return (errors or lines or [""])[-1]


def shortened(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 3]}..."


def traceback_of(error: BaseException) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))
