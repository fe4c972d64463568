"""JSON-RPC 2.0 over lines of text, one message a line."""

from __future__ import annotations

import inspect
import json
import logging
from typing import Any, Callable, Optional, Protocol, TextIO

from faults import AdapterFault, DriverError, NotOffered, text_of, traceback_of, why_not_driver

METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INVALID_REQUEST = -32600
PARSE_ERROR = -32700
DRIVER_ERROR = -32000
# Not the driver's: docs/protocol.md.
ADAPTER_FAULT = -32001

LOG = logging.getLogger(__name__)


class Service(Protocol):
    ended: bool

    def method(self, name: str) -> Optional[Callable[..., Any]]:
        """
        The method of this name, or None where there is none. It raises DriverError for what the driver answers; whatever else it raises is
        a fault of something else.
        """


class Refused(Exception):
    def __init__(self, code: int, message: str, data: Optional[dict[str, str]] = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


def serve(service: Service, questions: TextIO, answers: TextIO) -> None:
    """Answers one question after the other until the line closes or the service has ended."""
    for line in questions:
        if not line.strip():
            continue
        answer = answer_to(line, service)
        if answer is not None:
            answers.write(json.dumps(answer, default=str) + "\n")
            answers.flush()
        if service.ended:
            return


def answer_to(line: str, service: Service) -> Optional[dict[str, Any]]:
    number: Any = None
    try:
        question = parse(line)
        number = question.get("id")
        result = call(service, question)
        answer = {"result": {} if result is None else result}
    except Refused as refused:
        data = {} if refused.data is None else {"data": refused.data}
        answer = {"error": {"code": refused.code, "message": str(refused), **data}}
    is_notification = number is None and "result" in answer
    return None if is_notification else {"jsonrpc": "2.0", "id": number, **answer}


def parse(line: str) -> dict[str, Any]:
    try:
        question = json.loads(line)
    except ValueError as error:
        raise Refused(PARSE_ERROR, f"not JSON: {error}") from error
    if not isinstance(question, dict) or not isinstance(question.get("method"), str):
        raise Refused(INVALID_REQUEST, "not a JSON-RPC request")
    return question


def call(service: Service, question: dict[str, Any]) -> Any:
    name, params = question["method"], question.get("params", {})
    method = service.method(name)
    if method is None:
        raise Refused(METHOD_NOT_FOUND, f"there is no {name}")
    try:
        inspect.signature(method).bind(**params)
    except TypeError as error:
        raise Refused(INVALID_PARAMS, f"{name}: {error}") from error
    try:
        return method(**params)
    except NotOffered as error:
        raise Refused(METHOD_NOT_FOUND, f"the driver does not offer {name}: {error}") from error
    except DriverError as error:
        LOG.exception("%s failed", name)
        raise Refused(DRIVER_ERROR, str(error)) from error
    except Exception as error:
        LOG.exception("%s failed", name)
        text = str(error) if isinstance(error, AdapterFault) else why_not_driver(error) or text_of(error)
        raise Refused(ADAPTER_FAULT, text, {"traceback": traceback_of(error)}) from error
