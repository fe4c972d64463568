#!/usr/bin/env python3
"""Drivers that are broken or hostile, to test the certification of drivers: hostile.py BEHAVIOUR [AMOUNT]; --list names them all.

Each is a sound driver, of sparse files in the folder that do_setup gives, but for the one thing that its class says. AMOUNT
is the seconds or MiB of behaviours that wait or flood, so that a test need not take as long as the real thing.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import sys
import threading
import time
from typing import Any, Callable, Dict, Optional, Type

# Drivers are started hundreds of times in a run, so the few that need subprocess or tempfile import them.

PROTOCOL = "holeproof-driver-1"
MIB = 1024**2
TERMINAL = "\x1b[2J\x1b[1;31m\x1b]0;owned\x07\r\x1b[Aall checks upheld\x9b5m\u202e"

Params = Dict[str, Any]


class Failed(Exception):
    def __init__(self, message: str, code: int = -32000) -> None:
        super().__init__(message)
        self.code = code


class Sound:
    """does everything right"""

    amount: float = 30.0
    claim: Any = True

    def __init__(self, amount: Optional[float]) -> None:
        if amount is not None:
            self.amount = amount
        self.out = threading.Lock()
        self.setup: Params = {}
        self.input_closed = False

    # ---- the line ----

    def serve(self) -> None:
        for line in sys.stdin.buffer:
            self.receive(json.loads(line))
        self.input_closed = True
        self.at_close()

    def at_close(self) -> None:
        pass

    def receive(self, request: Params) -> None:
        try:
            result = self.call(request["method"], request.get("params", {}))
        except Failed as error:
            self.send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": error.code, "message": str(error)}})
        except OSError as error:
            self.send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": str(error)}})
        else:
            self.respond(request, {"jsonrpc": "2.0", "id": request["id"], "result": result})

    def call(self, method: str, params: Params) -> Any:
        verb: Optional[Callable[[Params], Any]] = getattr(self, "verb_" + method, None)
        if verb is None:
            raise Failed(f"there is no {method} here", -32601)
        result = verb(params)
        return {} if result is None else result

    def respond(self, request: Params, answer: Params) -> None:
        self.send(answer)

    def send(self, message: Any) -> None:
        self.send_bytes(json.dumps(message).encode() + b"\n")

    def send_bytes(self, data: bytes) -> None:
        with self.out:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(1, rest) :]

    # ---- the verbs ----

    def verb_do_setup(self, params: Params) -> Any:
        self.setup = params
        return {"protocol": PROTOCOL, "name": "hostile"}

    def verb_shutdown(self, _: Params) -> Any:
        for name in os.listdir(self.setup["folder"]):
            if name.startswith("volume."):
                os.remove(os.path.join(self.setup["folder"], name))

    def verb_get_capabilities(self, _: Params) -> Any:
        return {"volume_backend_name": "hostile", "thin_provisioning_support": True, "sparse_copy_volume": self.claim}

    def verb_create_volume(self, params: Params) -> Any:
        if params["size_bytes"] <= 0:
            raise Failed("a volume has at least one byte")
        path = self.file(params["name"])
        if os.path.exists(path):
            raise Failed(f"there is a volume {params['name']} already")
        self.make(path, params["size_bytes"])

    def verb_delete_volume(self, params: Params) -> Any:
        os.remove(self.known(params["name"]))

    def verb_attach_volume(self, params: Params) -> Any:
        return {"path": self.known(params["name"])}

    def verb_detach_volume(self, params: Params) -> Any:
        self.known(params["name"])

    def verb_update_migrated_volume(self, params: Params) -> Any:
        os.rename(self.known(params["name"]), self.file(params["new_name"]))

    def verb_extend_volume(self, params: Params) -> Any:
        os.truncate(self.known(params["name"]), params["new_size_bytes"])

    def verb_create_snapshot(self, params: Params) -> Any:
        copy_sparse(self.known(params["volume_name"]), self.file(params["name"], "snapshot"))

    def verb_delete_snapshot(self, params: Params) -> Any:
        os.remove(self.known(params["name"], "snapshot"))

    def verb_create_volume_from_snapshot(self, params: Params) -> Any:
        self.copy(self.known(params["snapshot_name"], "snapshot"), params)

    def verb_create_cloned_volume(self, params: Params) -> Any:
        self.copy(self.known(params["source_name"]), params)

    # ---- the storage ----

    def file(self, name: str, kind: str = "volume") -> str:
        return os.path.join(self.setup["folder"], f"{kind}.{name}")

    def known(self, name: str, kind: str = "volume") -> str:
        path = self.file(name, kind)
        if not os.path.lexists(path):
            raise Failed(f"there is no {kind} {name}")
        return path

    def make(self, path: str, size: int) -> None:
        with open(path, "xb") as file:
            file.truncate(size)

    def copy(self, source: str, params: Params) -> None:
        target = self.file(params["name"])
        copy_sparse(source, target)
        os.truncate(target, max(params["size_bytes"], os.path.getsize(target)))

    def volumes(self) -> int:
        return sum(name.startswith("volume.") for name in os.listdir(self.setup["folder"]))

    def write_old(self, path: str, start: int, end: int) -> None:
        """Shows stale bytes from start to end: those of the device of do_setup, which no volume of these drivers uses."""
        with open(self.setup["device"]["path"], "rb") as old, open(path, "r+b") as file:
            file.truncate(max(end, os.path.getsize(path)))
            file.seek(start)
            while file.tell() < end:
                data = old.read(min(MIB, end - file.tell()))
                if data:
                    file.write(data)
                else:
                    old.seek(0)


def copy_sparse(source: str, target: str) -> None:
    run(["cp", "--sparse=always", "--", source, target])


def run(argv: list[str]) -> str:
    import subprocess

    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


BEHAVIOURS: Dict[str, Type[Sound]] = {"sound": Sound}


def behaviour(name: str) -> Callable[[Type[Sound]], Type[Sound]]:
    def register(kind: Type[Sound]) -> Type[Sound]:
        BEHAVIOURS[name] = kind
        return kind

    return register


# ---- answers that do not come, or not in time ----


class Unheard(Sound):
    """A driver that does something else than answer one verb."""

    at = "get_capabilities"

    def receive(self, request: Params) -> None:
        if request["method"] == self.at:
            self.instead(request)
        else:
            super().receive(request)

    def instead(self, request: Params) -> None:
        pass

    def sound_answer(self, request: Params) -> Params:
        return {"jsonrpc": "2.0", "id": request["id"], "result": self.call(request["method"], request["params"])}


@behaviour("silent-setup")
class SilentSetup(Unheard):
    """never answers do_setup"""

    at = "do_setup"


@behaviour("silent-capabilities")
class SilentCapabilities(Unheard):
    """never answers get_capabilities"""


@behaviour("silent-create")
class SilentCreate(Unheard):
    """never answers create_volume"""

    at = "create_volume"


@behaviour("slow-capabilities")
class SlowCapabilities(Sound):
    """answers get_capabilities after the limit, with no claim"""

    def verb_get_capabilities(self, params: Params) -> Any:
        time.sleep(self.amount)
        return {"volume_backend_name": "hostile"}


@behaviour("late-true")
class LateTrue(Sound):
    """claims true, but after the limit"""

    def verb_get_capabilities(self, params: Params) -> Any:
        time.sleep(self.amount)
        return super().verb_get_capabilities(params)


@behaviour("reads-nothing")
class ReadsNothing(Sound):
    """never reads its input, nor sees it close"""

    amount = 600.0

    def serve(self) -> None:
        time.sleep(self.amount)


@behaviour("closes-stdout")
class ClosesStdout(Unheard):
    """closes its output at do_setup and runs on"""

    at = "do_setup"

    def instead(self, request: Params) -> None:
        os.close(1)
        os.open(os.devnull, os.O_WRONLY)


@behaviour("no-newline")
class NoNewline(Unheard):
    """answers get_capabilities without ending the line"""

    def instead(self, request: Params) -> None:
        self.send_bytes(json.dumps(self.sound_answer(request)).encode())


# ---- malformed answers ----


@behaviour("garbage-line")
class GarbageLine(Unheard):
    """answers get_capabilities with a line that is not valid JSON"""

    def instead(self, request: Params) -> None:
        self.send_bytes(b"sparse_copy_volume: true\n")


@behaviour("html-error")
class HtmlError(Unheard):
    """answers get_capabilities with a gateway's error page"""

    def instead(self, request: Params) -> None:
        self.send_bytes(b"<html>\n<head><title>502 Bad Gateway</title></head>\n</html>\n")


@behaviour("log-on-stdout")
class LogOnStdout(Sound):
    """writes a log line to its output before it answers create_volume"""

    def verb_create_volume(self, params: Params) -> Any:
        self.send_bytes(b"INFO creating a volume\n")
        return super().verb_create_volume(params)


@behaviour("not-utf-8")
class NotUtf8(Unheard):
    """answers get_capabilities in UTF-16"""

    def instead(self, request: Params) -> None:
        self.send_bytes(json.dumps(self.sound_answer(request)).encode("utf-16") + b"\n")


@behaviour("nul-bytes")
class NulBytes(Unheard):
    """answers get_capabilities with NUL bytes before the answer"""

    def instead(self, request: Params) -> None:
        self.send_bytes(bytes(4096) + json.dumps(self.sound_answer(request)).encode() + b"\n")


@behaviour("huge-line")
class HugeLine(Unheard):
    """answers get_capabilities with hundreds of MiB without a newline"""

    amount = 300.0

    def instead(self, request: Params) -> None:
        for _ in range(int(self.amount)):
            self.send_bytes(b"x" * MIB)
        self.send_bytes(b"\n")


@behaviour("endless-output")
class EndlessOutput(Sound):
    """floods its output with lines once it is set up"""

    amount = 600.0

    def respond(self, request: Params, answer: Params) -> None:
        super().respond(request, answer)
        if request["method"] == "do_setup":
            threading.Thread(target=self.flood, daemon=True).start()

    def flood(self) -> None:
        end = time.monotonic() + self.amount
        while time.monotonic() < end and not self.input_closed:
            self.send({"jsonrpc": "2.0", "method": "progress", "params": {"percent": 99}})


@behaviour("endless-log")
class EndlessLog(Sound):
    """floods its log once it is set up"""

    amount = 64.0

    def respond(self, request: Params, answer: Params) -> None:
        super().respond(request, answer)
        if request["method"] == "do_setup":
            threading.Thread(target=self.flood, daemon=True).start()

    def flood(self) -> None:
        for _ in range(int(self.amount)):
            os.write(2, b"debug\n" * (MIB // 6))


@behaviour("deep-json")
class DeepJson(Unheard):
    """reports 100000 nested arrays beside a true claim"""

    def instead(self, request: Params) -> None:
        depth = 100_000
        report = b'{"sparse_copy_volume": true, "pools": ' + b"[" * depth + b"]" * depth + b"}"
        self.send_bytes(b'{"jsonrpc": "2.0", "id": %d, "result": %s}\n' % (request["id"], report))


@behaviour("wrong-id")
class WrongId(Unheard):
    """answers get_capabilities with the id of another call"""

    def instead(self, request: Params) -> None:
        self.send({**self.sound_answer(request), "id": request["id"] + 1000})


@behaviour("string-id")
class StringId(Unheard):
    """answers get_capabilities with the id as a string"""

    def instead(self, request: Params) -> None:
        self.send({**self.sound_answer(request), "id": str(request["id"])})


@behaviour("no-version-of-json-rpc")
class NoJsonRpc(Unheard):
    """answers get_capabilities without "jsonrpc": "2.0" """

    def instead(self, request: Params) -> None:
        self.send({"id": request["id"], "result": self.call(request["method"], request["params"])})


@behaviour("result-and-error")
class ResultAndError(Unheard):
    """answers get_capabilities with a result beside an error"""

    def instead(self, request: Params) -> None:
        self.send({**self.sound_answer(request), "error": {"code": -32000, "message": "not sure"}})


@behaviour("batch-answer")
class BatchAnswer(Unheard):
    """answers get_capabilities with an array of answers"""

    def instead(self, request: Params) -> None:
        self.send([self.sound_answer(request)])


@behaviour("answers-twice")
class AnswersTwice(Sound):
    """answers every call twice"""

    def respond(self, request: Params, answer: Params) -> None:
        self.send(answer)
        self.send(answer)


@behaviour("asks-back")
class AsksBack(Sound):
    """sends a request of its own before every answer"""

    def respond(self, request: Params, answer: Params) -> None:
        self.send({"jsonrpc": "2.0", "id": request["id"], "method": "delete_volume", "params": {"name": "yours"}})
        self.send(answer)


# ---- do_setup ----


@behaviour("no-protocol-version")
class NoProtocolVersion(Sound):
    """answers do_setup without the protocol's version"""

    def verb_do_setup(self, params: Params) -> Any:
        super().verb_do_setup(params)
        return {"name": "hostile"}


@behaviour("wrong-protocol-version")
class WrongProtocolVersion(Sound):
    """answers do_setup with another version of the protocol"""

    def verb_do_setup(self, params: Params) -> Any:
        return {**super().verb_do_setup(params), "protocol": "holeproof-driver-0"}


@behaviour("exits-at-setup")
class ExitsAtSetup(Sound):
    """ends at do_setup, with a reason in its log"""

    def verb_do_setup(self, params: Params) -> Any:
        print("cannot reach the storage", file=sys.stderr, flush=True)
        os._exit(3)


@behaviour("error-for-everything")
class ErrorForEverything(Sound):
    """answers every call with an error"""

    def call(self, method: str, params: Params) -> Any:
        raise Failed(f"{method}: not today")


@behaviour("lacks-create")
class LacksCreate(Sound):
    """answers create_volume with "method not found" """

    def verb_create_volume(self, params: Params) -> Any:
        raise Failed("there is no create_volume here", -32601)


@behaviour("size-step-zero")
class SizeStepZero(Sound):
    """wants sizes in multiples of 0"""

    def verb_do_setup(self, params: Params) -> Any:
        return {**super().verb_do_setup(params), "size_step_bytes": 0}


@behaviour("size-step-huge")
class SizeStepHuge(Sound):
    """wants sizes in multiples of 4 PiB"""

    def verb_do_setup(self, params: Params) -> Any:
        return {**super().verb_do_setup(params), "size_step_bytes": 4 * MIB * 1024**3}


@behaviour("control-characters")
class ControlCharacters(Sound):
    """fails create_volume with a message that drives terminals"""

    def verb_create_volume(self, params: Params) -> Any:
        raise Failed(f"{TERMINAL} no space")


@behaviour("control-characters-in-name")
class ControlCharactersInName(Sound):
    """calls itself by a name that drives terminals"""

    def verb_do_setup(self, params: Params) -> Any:
        return {**super().verb_do_setup(params), "name": TERMINAL}


@behaviour("control-characters-in-log")
class ControlCharactersInLog(Sound):
    """ends in create_volume with a log that drives terminals"""

    def verb_create_volume(self, params: Params) -> Any:
        os.write(2, TERMINAL.encode() + b"\xff\xfe\n")
        os._exit(1)


# ---- ends that were not asked for, and ends that do not come ----


@behaviour("exits-in-create")
class ExitsInCreate(Sound):
    """ends in create_volume"""

    def verb_create_volume(self, params: Params) -> Any:
        os._exit(1)


@behaviour("exits-in-attach")
class ExitsInAttach(Sound):
    """ends in attach_volume with exit code 0"""

    def verb_attach_volume(self, params: Params) -> Any:
        os._exit(0)


@behaviour("killed-in-write")
class KilledInWrite(Sound):
    """is killed while it writes the answer to attach_volume"""

    def respond(self, request: Params, answer: Params) -> None:
        if request["method"] != "attach_volume":
            return super().respond(request, answer)
        text = json.dumps(answer).encode()
        self.send_bytes(text[: len(text) // 2])
        os.kill(os.getpid(), signal.SIGKILL)


@behaviour("ignores-stdin-close")
class IgnoresStdinClose(Sound):
    """runs on after its input closed, also after SIGTERM"""

    amount = 600.0

    def at_close(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end = time.monotonic() + self.amount
        while time.monotonic() < end:
            time.sleep(0.1)


@behaviour("forks-child-that-stays")
class ForksChildThatStays(Sound):
    """leaves a child in a session of its own that holds its output open; with the option only_on, on that machine"""

    amount = 600.0

    def verb_do_setup(self, params: Params) -> Any:
        if params["machine"] == params["options"].get("only_on", params["machine"]) and os.fork() == 0:
            os.setsid()
            time.sleep(self.amount)
            os._exit(0)
        return super().verb_do_setup(params)


@behaviour("shutdown-fails")
class ShutdownFails(Sound):
    """answers shutdown with an error"""

    def verb_shutdown(self, _: Params) -> Any:
        raise Failed("the storage is busy")


@behaviour("shutdown-leaves-device")
class ShutdownLeavesDevice(Sound):
    """leaves a device-mapper device on its device; needs root"""

    def verb_do_setup(self, params: Params) -> Any:
        answer = super().verb_do_setup(params)
        map_linear(f"{params['prefix']}-left", params["device"]["path"], MIB)
        return answer


# ---- the claim ----


@behaviour("claim-flips")
class ClaimFlips(Sound):
    """claims true and false by turns"""

    claim = False

    def verb_get_capabilities(self, params: Params) -> Any:
        self.claim = not self.claim
        return super().verb_get_capabilities(params)


@behaviour("claim-changes-after-restart")
class ClaimChangesAfterRestart(Sound):
    """claims true until it is restarted, false from then on"""

    def verb_do_setup(self, params: Params) -> Any:
        mark = os.path.join(params["folder"], "started")
        self.claim = not os.path.exists(mark)
        open(mark, "w").close()
        return super().verb_do_setup(params)


@behaviour("claim-string-true")
class ClaimStringTrue(Sound):
    """claims "True", a string"""

    claim = "True"


@behaviour("claim-one")
class ClaimOne(Sound):
    """claims 1, a number"""

    claim = 1


@behaviour("claim-null")
class ClaimNull(Sound):
    """claims null"""

    claim = None


@behaviour("claim-definition")
class ClaimDefinition(Sound):
    """reports the definition of the well-defined property in place of its value"""

    claim = {"default": True, "options": {}}


@behaviour("claim-nested")
class ClaimNested(Sound):
    """claims true inside its pools only"""

    def verb_get_capabilities(self, params: Params) -> Any:
        return {"volume_backend_name": "hostile", "pools": [{"pool_name": "a", "sparse_copy_volume": True}]}


@behaviour("claim-in-prototype")
class ClaimInPrototype(Sound):
    """claims true in a key that JavaScript takes for an object's prototype"""

    def verb_get_capabilities(self, params: Params) -> Any:
        return {"volume_backend_name": "hostile", "__proto__": {"sparse_copy_volume": True}}


@behaviour("claims-contradict")
class ClaimsContradict(Sound):
    """claims true by one key and false by the other"""

    def verb_get_capabilities(self, params: Params) -> Any:
        return {**super().verb_get_capabilities(params), "cinder_sparse_copy_volume": False}


@behaviour("report-is-array")
class ReportIsArray(Sound):
    """reports an array"""

    def verb_get_capabilities(self, params: Params) -> Any:
        return [{"sparse_copy_volume": True}]


@behaviour("honest-false")
class HonestFalse(Sound):
    """shows stale bytes in new volumes, and claims false"""

    claim = False

    def make(self, path: str, size: int) -> None:
        super().make(path, size)
        self.write_old(path, 0, size)


# ---- paths ----


class OddPath(Sound):
    """A driver that attaches volumes somewhere else."""

    def verb_attach_volume(self, params: Params) -> Any:
        self.known(params["name"])
        return {"path": self.path(params["name"])}

    def path(self, name: str) -> Any:
        raise NotImplementedError


@behaviour("null-result-for-attach")
class NullResultForAttach(Sound):
    """answers attach_volume with null"""

    def respond(self, request: Params, answer: Params) -> None:
        super().respond(request, {**answer, "result": None} if request["method"] == "attach_volume" else answer)


@behaviour("path-relative")
class PathRelative(OddPath):
    """attaches a relative path"""

    def path(self, name: str) -> Any:
        return f"volume.{name}"


@behaviour("path-not-there")
class PathNotThere(OddPath):
    """attaches a path with nothing there"""

    def path(self, name: str) -> Any:
        return self.file(name, "gone")


@behaviour("path-is-directory")
class PathIsDirectory(OddPath):
    """attaches its folder"""

    def path(self, name: str) -> Any:
        return self.setup["folder"]


@behaviour("path-is-pipe")
class PathIsPipe(OddPath):
    """attaches a pipe without a writer: opening it blocks"""

    def path(self, name: str) -> Any:
        pipe = self.file(name, "pipe")
        if not os.path.exists(pipe):
            os.mkfifo(pipe)
        return pipe


@behaviour("path-is-dev-zero")
class PathIsDevZero(OddPath):
    """attaches /dev/zero, which reads as zeros for ever"""

    def path(self, name: str) -> Any:
        return "/dev/zero"


@behaviour("path-of-another-device")
class PathOfAnotherDevice(OddPath):
    """attaches a block device that it was not given"""

    def path(self, name: str) -> Any:
        given = os.path.basename(self.setup["device"]["path"])
        for device in sorted(os.listdir("/sys/block")):
            with open(f"/sys/block/{device}/size") as size:
                if device != given and size.read().strip() != "0":
                    return f"/dev/{device}"
        return "/dev/loop0"


@behaviour("path-outside")
class PathOutside(OddPath):
    """attaches a file that is not in its folder"""

    def path(self, name: str) -> Any:
        import tempfile

        outside = os.path.join(tempfile.gettempdir(), f"{self.setup['prefix']}-{name}")
        with open(outside, "ab") as file:
            file.truncate(os.path.getsize(self.file(name)))
        return outside


@behaviour("path-is-link-outside")
class PathIsLinkOutside(PathOutside):
    """attaches a link in its folder that points out of it"""

    def path(self, name: str) -> Any:
        link = self.file(name, "link")
        if not os.path.lexists(link):
            os.symlink(super().path(name), link)
        return link


@behaviour("path-of-its-device")
class PathOfItsDevice(OddPath):
    """attaches the whole device that it was given, for every volume"""

    def path(self, name: str) -> Any:
        return self.setup["device"]["path"]


@behaviour("path-drives-terminals")
class PathDrivesTerminals(OddPath):
    """attaches a path with control characters, where nothing is"""

    def path(self, name: str) -> Any:
        return f"/{TERMINAL}\n"


@behaviour("path-too-small")
class PathTooSmall(Sound):
    """makes volumes of half the size"""

    def make(self, path: str, size: int) -> None:
        super().make(path, size // 2)


@behaviour("far-too-large")
class FarTooLarge(Sound):
    """makes volumes of 1 TiB, whatever was asked for"""

    def make(self, path: str, size: int) -> None:
        super().make(path, max(size, 1024 * 1024 * MIB))


@behaviour("same-path-for-all")
class SamePathForAll(OddPath):
    """keeps all volumes in one file"""

    def path(self, name: str) -> Any:
        shared = os.path.join(self.setup["folder"], "shared")
        with open(shared, "ab") as file:
            file.truncate(max(os.path.getsize(shared), os.path.getsize(self.file(name))))
        return shared


@behaviour("hard-links-for-all")
class HardLinksForAll(Sound):
    """keeps all volumes in one file that has many names"""

    def make(self, path: str, size: int) -> None:
        shared = os.path.join(self.setup["folder"], "shared")
        if not os.path.exists(shared):
            super().make(shared, size)
        os.truncate(shared, max(size, os.path.getsize(shared)))
        os.link(shared, path)


def map_linear(name: str, device: str, size: int) -> str:
    run(["dmsetup", "create", "--noudevrules", "--noudevsync", name, "--table", f"0 {-(-size // 512)} linear {device} 0"])
    return f"/dev/mapper/{name}"


@behaviour("overlapping-volumes")
class OverlappingVolumes(Sound):
    """maps every volume to the start of its device, and claims false; needs root"""

    claim = False

    def mapped(self, name: str) -> str:
        return f"{self.setup['prefix']}-{name}"

    def verb_create_volume(self, params: Params) -> Any:
        if params["size_bytes"] <= 0:
            raise Failed("a volume has at least one byte")
        map_linear(self.mapped(params["name"]), self.setup["device"]["path"], params["size_bytes"])

    def verb_delete_volume(self, params: Params) -> Any:
        run(["dmsetup", "remove", "--noudevrules", "--noudevsync", self.mapped(params["name"])])

    def verb_attach_volume(self, params: Params) -> Any:
        path = f"/dev/mapper/{self.mapped(params['name'])}"
        if not os.path.exists(path):
            raise Failed(f"there is no volume {params['name']}")
        return {"path": path}

    def verb_detach_volume(self, params: Params) -> Any:
        self.verb_attach_volume(params)


# ---- volumes that come, go and stay as they should not ----


@behaviour("create-succeeds-without-volume")
class CreateSucceedsWithoutVolume(Sound):
    """says that it made a volume, and makes none"""

    def make(self, path: str, size: int) -> None:
        pass


@behaviour("takes-taken-names")
class TakesTakenNames(Sound):
    """makes a volume anew when its name is taken"""

    def verb_create_volume(self, params: Params) -> Any:
        path = self.file(params["name"])
        if os.path.exists(path):
            os.remove(path)
        return super().verb_create_volume(params)


@behaviour("size-zero-accepted")
class SizeZeroAccepted(Sound):
    """makes a volume of size 0"""

    def verb_create_volume(self, params: Params) -> Any:
        if params["size_bytes"] != 0:
            return super().verb_create_volume(params)
        self.make(self.file(params["name"]), 0)


@behaviour("errors-as-results")
class ErrorsAsResults(Sound):
    """reports errors in a result"""

    def call(self, method: str, params: Params) -> Any:
        try:
            return super().call(method, params)
        except Failed as error:
            if error.code == -32601:
                raise
            return {"error": str(error)}


@behaviour("delete-does-nothing")
class DeleteDoesNothing(Sound):
    """says that it deleted a volume, and keeps it"""

    def verb_delete_volume(self, params: Params) -> Any:
        self.known(params["name"])


@behaviour("delete-keeps-space")
class DeleteKeepsSpace(Sound):
    """forgets a deleted volume, but not its bytes"""

    def verb_delete_volume(self, params: Params) -> Any:
        path = self.known(params["name"])
        with open(path, "r+b") as file:  # dirty pages alone would take no space yet
            os.fsync(file.fileno())
        os.rename(path, self.file(str(time.monotonic_ns()), "trash"))


@behaviour("delete-fails")
class DeleteFails(Sound):
    """cannot delete volumes"""

    def verb_delete_volume(self, params: Params) -> Any:
        raise Failed("the volume is busy")


@behaviour("delete-not-idempotent")
class DeleteNotIdempotent(Sound):
    """announces that deleting what is not there succeeds, and answers with an error"""

    def verb_do_setup(self, params: Params) -> Any:
        return {**super().verb_do_setup(params), "delete_is_idempotent": True}


@behaviour("forgets-after-restart")
class ForgetsAfterRestart(Sound):
    """has no volumes after a restart"""

    def verb_do_setup(self, params: Params) -> Any:
        answer = super().verb_do_setup(params)
        self.verb_shutdown({})
        return answer


@behaviour("empties-after-restart")
class EmptiesAfterRestart(Sound):
    """has all volumes after a restart, but empty"""

    def verb_do_setup(self, params: Params) -> Any:
        answer = super().verb_do_setup(params)
        for name in os.listdir(params["folder"]):
            if name.startswith("volume."):
                path = os.path.join(params["folder"], name)
                size = os.path.getsize(path)
                os.truncate(path, 0)
                os.truncate(path, size)
        return answer


@behaviour("half-made-counts")
class HalfMadeCounts(Sound):
    """zeroes a volume after it has got its name, and takes one that a crash has left for whole"""

    def verb_create_volume(self, params: Params) -> Any:
        path = self.file(params["name"])
        making = self.file(params["name"], "making")
        if os.path.exists(making):
            os.remove(making)
            return
        super().verb_create_volume(params)
        open(making, "x").close()
        self.write_old(path, 0, params["size_bytes"])
        time.sleep(0.3)
        os.truncate(path, 0)
        os.truncate(path, params["size_bytes"])
        os.remove(making)


@behaviour("writes-index-in-place")
class WritesIndexInPlace(Sound):
    """forgets all volumes when it is killed while it writes their list"""

    def index(self) -> str:
        return os.path.join(self.setup["folder"], "index")

    def verb_create_volume(self, params: Params) -> Any:
        before = self.listed()
        with open(self.index(), "w") as index:
            super().verb_create_volume(params)
            time.sleep(0.3)
            index.write("\n".join([*before, params["name"]]))

    def listed(self) -> list[str]:
        try:
            with open(self.index()) as index:
                return index.read().split("\n")
        except FileNotFoundError:
            return []

    def verb_attach_volume(self, params: Params) -> Any:
        if params["name"] not in self.listed():
            raise Failed(f"there is no volume {params['name']}")
        return super().verb_attach_volume(params)


@behaviour("attach-empties")
class AttachEmpties(Sound):
    """gives a new, empty file each time it attaches a volume"""

    def verb_attach_volume(self, params: Params) -> Any:
        path = self.known(params["name"])
        size = os.path.getsize(path)
        os.remove(path)
        self.make(path, size)
        return {"path": path}


# ---- stale bytes ----


@behaviour("stale")
class Stale(Sound):
    """claims true, and shows stale bytes in new volumes"""

    def make(self, path: str, size: int) -> None:
        super().make(path, size)
        self.write_old(path, 0, size)


@behaviour("stale-far-in")
class StaleFarIn(Sound):
    """shows one old sector, far from the start of a new volume"""

    def make(self, path: str, size: int) -> None:
        super().make(path, size)
        start = size * 2 // 3 // 512 * 512
        self.write_old(path, start, start + 512)


@behaviour("stale-tail")
class StaleTail(Sound):
    """rounds sizes up to MiB and shows stale bytes past the last whole MiB that was asked for"""

    def make(self, path: str, size: int) -> None:
        rounded = -(-size // MIB) * MIB
        super().make(path, rounded)
        if rounded != size:
            self.write_old(path, size // MIB * MIB, rounded)


@behaviour("second-volume-stale")
class SecondVolumeStale(Sound):
    """shows stale bytes in a volume that is made beside another"""

    def make(self, path: str, size: int) -> None:
        others = self.volumes()
        super().make(path, size)
        if others > 0:
            self.write_old(path, 0, size)


@behaviour("reused-stale")
class ReusedStale(Sound):
    """makes new volumes from deleted ones as they are"""

    def verb_delete_volume(self, params: Params) -> Any:
        os.rename(self.known(params["name"]), self.file(str(time.monotonic_ns()), "recycled"))

    def make(self, path: str, size: int) -> None:
        for name in sorted(os.listdir(self.setup["folder"])):
            if name.startswith("recycled."):
                os.rename(os.path.join(self.setup["folder"], name), path)
                os.truncate(path, size)
                return
        super().make(path, size)


class RemembersUse(Sound):
    """Knows, also after a restart, whether data was deleted since its storage was new."""

    def verb_delete_volume(self, params: Params) -> Any:
        if os.stat(self.known(params["name"])).st_blocks > 0:
            with open(self.file("used", "mark"), "ab"):
                pass
        super().verb_delete_volume(params)

    def is_used(self) -> bool:
        return os.path.exists(self.file("used", "mark"))


@behaviour("rounding-shows-unused")
class RoundingShowsUnused(Sound):
    """uses zeroed space again where it can, and shows beyond an odd size what was on space that it never used"""

    def __init__(self, amount: Optional[float]) -> None:
        super().__init__(amount)
        self.free = 0

    def verb_delete_volume(self, params: Params) -> Any:
        self.free += os.path.getsize(self.known(params["name"]))
        super().verb_delete_volume(params)

    def make(self, path: str, size: int) -> None:
        rounded = -(-size // MIB) * MIB
        super().make(path, rounded)
        is_unused = self.free < rounded
        self.free = max(0, self.free - rounded)
        if rounded != size and is_unused:
            self.write_old(path, size // MIB * MIB, rounded)


@behaviour("extend-shows-freed")
class ExtendShowsFreed(RemembersUse):
    """zeroes a volume when it is made, and not what is added to it: that shows what others have deleted"""

    def verb_extend_volume(self, params: Params) -> Any:
        path = self.known(params["name"])
        before = os.path.getsize(path)
        super().verb_extend_volume(params)
        if self.is_used():
            self.write_old(path, before, params["new_size_bytes"])


@behaviour("rounding-shows-freed")
class RoundingShowsFreed(RemembersUse):
    """makes volumes of whole MiB, and shows in what it adds what others have deleted"""

    def make(self, path: str, size: int) -> None:
        rounded = -(-size // MIB) * MIB
        super().make(path, rounded)
        if rounded != size and self.is_used():
            self.write_old(path, size // MIB * MIB, rounded)


@behaviour("restart-shows-freed")
class RestartShowsFreed(RemembersUse):
    """forgets in a restart what space it has yet to zero"""

    def verb_do_setup(self, params: Params) -> Any:
        answer = super().verb_do_setup(params)
        self.forgotten = self.is_used()
        return answer

    def make(self, path: str, size: int) -> None:
        super().make(path, size)
        if self.forgotten:
            self.write_old(path, 0, size)


@behaviour("kill-shows-freed")
class KillShowsFreed(RestartShowsFreed):
    """notes at its end what space it has yet to zero, and forgets it when it is killed"""

    def verb_do_setup(self, params: Params) -> Any:
        answer = super().verb_do_setup(params)
        note = self.file("ended", "mark")
        self.forgotten = self.is_used() and not os.path.exists(note)
        if os.path.exists(note):
            os.remove(note)
        return answer

    def at_close(self) -> None:
        with open(self.file("ended", "mark"), "ab"):
            pass


@behaviour("extend-stale")
class ExtendStale(Sound):
    """shows stale bytes where a volume was extended"""

    def verb_extend_volume(self, params: Params) -> Any:
        path = self.known(params["name"])
        self.write_old(path, os.path.getsize(path), params["new_size_bytes"])


@behaviour("extend-does-nothing")
class ExtendDoesNothing(Sound):
    """says that it extended a volume, and does not"""

    def verb_extend_volume(self, params: Params) -> Any:
        self.known(params["name"])


@behaviour("extend-empties")
class ExtendEmpties(Sound):
    """extends a volume and loses what it held"""

    def verb_extend_volume(self, params: Params) -> Any:
        path = self.known(params["name"])
        os.truncate(path, 0)
        os.truncate(path, params["new_size_bytes"])


class OnLvm(Sound):
    """Keeps volumes as logical volumes in a group of its own; needs root."""

    def verb_do_setup(self, params: Params) -> Any:
        answer = super().verb_do_setup(params)
        self.group = f"{params['prefix']}_vg"
        if self.group not in run(["vgs", "--noheadings", "-o", "vg_name"]).split():
            run(["vgcreate", "--quiet", "--yes", self.group, params["device"]["path"]])
            self.make_pool()
        run(["vgchange", "--quiet", "--activate", "y", self.group])
        return answer

    def make_pool(self) -> None:
        pass

    def verb_shutdown(self, _: Params) -> Any:
        run(["vgremove", "--quiet", "--force", "--force", "--yes", self.group])

    def path_of(self, name: str, kind: str = "vol") -> str:
        path = f"/dev/{self.group}/{kind}-{name}"
        if not os.path.exists(path):
            raise Failed(f"there is no {kind} {name}")
        return path

    def verb_delete_volume(self, params: Params) -> Any:
        run(["lvremove", "--quiet", "--yes", self.path_of(params["name"])[len("/dev/") :]])

    def verb_attach_volume(self, params: Params) -> Any:
        return {"path": self.path_of(params["name"])}

    def verb_detach_volume(self, params: Params) -> Any:
        self.path_of(params["name"])

    def verb_update_migrated_volume(self, params: Params) -> Any:
        self.path_of(params["name"])
        run(["lvrename", "--quiet", self.group, f"vol-{params['name']}", f"vol-{params['new_name']}"])


class OnThin(OnLvm):
    """Keeps volumes in a thin pool."""

    zero = "y"

    def make_pool(self) -> None:
        pool = ["lvcreate", "--quiet", "--yes", "--type", "thin-pool", "--zero", self.zero, "--extents", "95%FREE"]
        run([*pool, "--name", "pool", self.group])
        run(["lvchange", "--quiet", "--errorwhenfull", "y", f"{self.group}/pool"])

    def verb_create_volume(self, params: Params) -> Any:
        if params["size_bytes"] <= 0:
            raise Failed("a volume has at least one byte")
        thin = ["lvcreate", "--quiet", "--yes", "--type", "thin", "--thinpool", "pool", "--name", f"vol-{params['name']}"]
        run([*thin, "--virtualsize", f"{-(-params['size_bytes'] // 512) * 512}b", self.group])

    def verb_extend_volume(self, params: Params) -> Any:
        run(["lvextend", "--quiet", "--size", f"{params['new_size_bytes']}b", self.path_of(params["name"])[len("/dev/") :]])


@behaviour("stale-partial")
class StalePartial(OnThin):
    """keeps volumes in a thin pool that does not zero: they read as zero until a part of a chunk is written; needs root"""

    zero = "n"

    def verb_create_snapshot(self, params: Params) -> Any:
        raise Failed("there is no create_snapshot here", -32601)

    def verb_create_cloned_volume(self, params: Params) -> Any:
        raise Failed("there is no create_cloned_volume here", -32601)


class OnOwnStorage(Sound):
    """Keeps volumes one after another on a loop device that it makes itself; needs root."""

    room = 32 * MIB

    def verb_do_setup(self, params: Params) -> Any:
        import tempfile

        answer = super().verb_do_setup(params)
        self.index = os.path.join(params["folder"], "index")
        # Not in the folder, which holeproof has poisoned.
        self.disk = os.path.join(tempfile.gettempdir(), "disk")
        if not os.path.exists(self.index):
            with open(self.disk, "wb") as file:
                file.truncate(self.room)
            loop = run(["losetup", "--find", "--show", self.disk]).strip()
            self.save({"loop": loop, "volumes": {}})
        return answer

    def verb_shutdown(self, _: Params) -> Any:
        for name in list(self.volumes()):
            self.verb_delete_volume({"name": name})
        run(["losetup", "--detach", self.kept()["loop"]])
        os.remove(self.disk)

    def kept(self) -> Any:
        with open(self.index) as file:
            return json.load(file)

    def save(self, kept: Any) -> None:
        with open(self.index + ".new", "w") as file:
            json.dump(kept, file)
        os.rename(self.index + ".new", self.index)

    def volumes(self) -> Any:
        return self.kept()["volumes"]

    def mapped(self, name: str) -> str:
        return f"{self.setup['prefix']}-{name}"

    def verb_create_volume(self, params: Params) -> Any:
        kept, size = self.kept(), -(-params["size_bytes"] // 4096) * 4096
        if size <= 0 or params["name"] in kept["volumes"]:
            raise Failed("no such volume can be made")
        at = 0
        for start, length in sorted(kept["volumes"].values()):
            if start - at >= size:
                break
            at = start + length
        if at + size > self.room:
            raise Failed("there is no room for it")
        table = f"0 {size // 512} linear {kept['loop']} {at // 512}"
        run(["dmsetup", "create", "--noudevrules", "--noudevsync", self.mapped(params["name"]), "--table", table])
        kept["volumes"][params["name"]] = [at, size]
        self.save(kept)
        self.clean(f"/dev/mapper/{self.mapped(params['name'])}", size)

    def clean(self, path: str, size: int) -> None:
        run(["dd", "if=/dev/zero", f"of={path}", "bs=1M", f"count={size}", "iflag=count_bytes", "conv=fsync"])

    def verb_delete_volume(self, params: Params) -> Any:
        self.verb_attach_volume(params)
        kept = self.kept()
        run(["dmsetup", "remove", "--noudevrules", "--noudevsync", "--retry", self.mapped(params["name"])])
        del kept["volumes"][params["name"]]
        self.save(kept)

    def verb_attach_volume(self, params: Params) -> Any:
        if params["name"] not in self.volumes():
            raise Failed(f"there is no volume {params['name']}")
        return {"path": f"/dev/mapper/{self.mapped(params['name'])}"}

    def verb_detach_volume(self, params: Params) -> Any:
        self.verb_attach_volume(params)

    def verb_extend_volume(self, params: Params) -> Any:
        raise Failed("there is no extend_volume here", -32601)


@behaviour("own-storage")
class OwnStorage(OnOwnStorage):
    """brings storage of its own, and zeroes every volume on it; needs root"""


@behaviour("own-storage-stale")
class OwnStorageStale(OnOwnStorage):
    """brings storage of its own, which reads as zeros while it is new, and shows in volumes what was there before; needs root"""

    def clean(self, path: str, size: int) -> None:
        pass


# ---- copies ----


@behaviour("clone-empty")
class CloneEmpty(Sound):
    """makes clones that hold nothing"""

    def verb_create_cloned_volume(self, params: Params) -> Any:
        self.known(params["source_name"])
        self.make(self.file(params["name"]), params["size_bytes"])


@behaviour("clone-shares")
class CloneShares(Sound):
    """makes clones that change with their source"""

    def verb_create_cloned_volume(self, params: Params) -> Any:
        os.link(self.known(params["source_name"]), self.file(params["name"]))


@behaviour("snapshot-follows")
class SnapshotFollows(Sound):
    """makes snapshots that change with their volume"""

    def verb_create_snapshot(self, params: Params) -> Any:
        os.link(self.known(params["volume_name"]), self.file(params["name"], "snapshot"))


@behaviour("snapshot-delete-keeps-space")
class SnapshotDeleteKeepsSpace(Sound):
    """keeps what a snapshot held when it is deleted"""

    def verb_delete_snapshot(self, params: Params) -> Any:
        path = self.known(params["name"], "snapshot")
        os.rename(path, path.replace("snapshot.", "kept.", 1))


@behaviour("clone-keeps-temporary-copy")
class CloneKeepsTemporaryCopy(Sound):
    """leaves the copy behind that it makes a clone from"""

    def verb_create_cloned_volume(self, params: Params) -> Any:
        temporary = self.file(params["name"], "temporary")
        copy_sparse(self.known(params["source_name"]), temporary)
        self.copy(temporary, params)


@behaviour("thin-snapshot-stays")
class ThinSnapshotStays(OnThin):
    """keeps, as a thin volume that nothing names, what it says is deleted; needs root"""

    def verb_create_snapshot(self, params: Params) -> Any:
        self.snapshot(f"vol-{params['volume_name']}", f"snap-{params['name']}")

    def verb_delete_snapshot(self, params: Params) -> Any:
        path = self.path_of(params["name"], "snap")
        run(["lvrename", "--quiet", self.group, os.path.basename(path), f"kept-{params['name']}"])

    def verb_create_volume_from_snapshot(self, params: Params) -> Any:
        self.copy(f"snap-{params['snapshot_name']}", params)

    def verb_create_cloned_volume(self, params: Params) -> Any:
        self.copy(f"vol-{params['source_name']}", params)

    def copy(self, source: str, params: Params) -> None:
        self.snapshot(source, f"vol-{params['name']}")
        size = int(run(["blockdev", "--getsize64", self.path_of(params["name"])]))
        if size < params["size_bytes"]:
            self.verb_extend_volume({"name": params["name"], "new_size_bytes": params["size_bytes"]})

    def snapshot(self, source: str, target: str) -> None:
        run(["lvcreate", "--quiet", "--yes", "--snapshot", "--setactivationskip", "n", "--name", target, f"{self.group}/{source}"])


@behaviour("moves-nothing")
class MovesNothing(Sound):
    """says that it moved a volume, and did nothing"""

    def verb_migrate_volume(self, params: Params) -> Any:
        self.known(params["name"])
        return {"moved": True}


@behaviour("moved-is-string")
class MovedIsString(Sound):
    """says "yes" where a boolean belongs"""

    def verb_migrate_volume(self, params: Params) -> Any:
        return {"moved": "yes"}


# ---- moving ----


class Mover(Sound):
    """Moves volumes to the built-in backends by what its class's copy does, and then deletes them here."""

    def verb_migrate_volume(self, params: Params) -> Any:
        source = self.known(params["name"])
        target = self.target(params)
        if target is None:
            return {"moved": False}
        try:
            self.copy_to(source, target, params["size_bytes"], params["copy_mode"])
        except (OSError, Failed):
            self.take_back(target)
            raise
        self.verb_delete_volume(params)
        return {"moved": True}

    def target(self, params: Params) -> Optional[str]:
        """Makes the volume on the destination and returns its path; None where the driver does not know the destination."""
        place = str(params.get("location_info")).split(":")
        name, size = params["name"], params["size_bytes"]
        if place[0] == "LVMVolumeDriver" and place[3] in ("thin", "default"):
            group = place[2]
            kind = ["--type", "thin", "--thinpool", f"{group}-pool", "--virtualsize"] if place[3] == "thin" else ["--size"]
            run(["lvcreate", "--quiet", "--yes", "--name", name, *kind, f"{size}b", group])
            return f"/dev/{group}/{name}"
        if place[0] in ("NfsDriver", "FileDriver"):
            path = os.path.join(place[2], name)
            with open(path, "xb") as file:
                file.truncate(self.file_size(size))
            return path
        return None

    def file_size(self, size: int) -> int:
        return size

    def take_back(self, target: str) -> None:
        if not os.path.isfile(target):
            run(["lvremove", "--quiet", "--yes", target[len("/dev/") :]])
        else:
            os.remove(target)

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        with open(source, "rb") as old, open(target, "r+b", buffering=0) as new:
            at = 0
            while at < size:
                data = old.read(min(self.block, size - at))
                if mode == "full" or any(data):
                    new.seek(at)
                    self.put(new, data)
                at += len(data)
            os.fsync(new.fileno())

    block = MIB

    def put(self, new: Any, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[new.write(rest) :]


@behaviour("moves")
class Moves(Mover):
    """moves volumes by itself, and does it right"""


@behaviour("moves-in-large-blocks")
class MovesInLargeBlocks(Mover):
    """moves volumes in blocks of 2 MiB, so that they take more storage than their data"""

    block = 2 * MIB


@behaviour("moves-whole-blocks")
class MovesWholeBlocks(Mover):
    """leaves out what is no whole block at the end of a volume"""

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        super().copy_to(source, target, size // self.block * self.block, mode)


@behaviour("moves-to-last-data")
class MovesToLastData(Mover):
    """makes a file as long as the data of the volume, without the zeros at its end"""

    def file_size(self, size: int) -> int:
        return 0

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        super().copy_to(source, target, size, "sparse")


@behaviour("moves-megabytes")
class MovesMegabytes(Mover):
    """takes a size in MB for one in MiB, and copies too little"""

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        super().copy_to(source, target, size // MIB * 1000**2, mode)


@behaviour("moves-data-only")
class MovesDataOnly(Mover):
    """leaves the holes of its file out, also where every block must be copied"""

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        with open(source, "rb") as old, open(target, "r+b", buffering=0) as new:
            at = 0
            while at < size:
                try:
                    at = os.lseek(old.fileno(), at, os.SEEK_DATA)
                except OSError:
                    break
                end = min(size, os.lseek(old.fileno(), at, os.SEEK_HOLE))
                while at < end:
                    data = os.pread(old.fileno(), min(MIB, end - at), at)
                    new.seek(at)
                    self.put(new, data)
                    at += len(data)
            os.fsync(new.fileno())


class ByMap(Mover):
    """Asks the filesystem where a file lies (ioctl_fiemap(2)), without a flush before: what is not allocated yet has no place."""

    FS_IOC_FIEMAP = 0xC020660B
    NO_PLACE = 0x2 | 0x4 | 0x800  # unknown, delayed allocation, unwritten

    def extents(self, file: Any, size: int) -> list[tuple[int, int, int]]:
        """The offset, the place on the disk and the length of each extent that has one."""
        most = 512
        asked = bytearray(struct.pack("=QQIIII", 0, size, 0, 0, most, 0) + bytes(56 * most))
        fcntl.ioctl(file, self.FS_IOC_FIEMAP, asked)
        (count,) = struct.unpack_from("=I", asked, 20)
        found = [struct.unpack_from("=QQQ16xI", asked, 32 + 56 * index) for index in range(count)]
        return [(logical, physical, min(length, size - logical)) for logical, physical, length, flags in found if not flags & self.NO_PLACE]


    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        with open(source, "rb") as old, open(target, "r+b", buffering=0) as new:
            places = self.extents(old, size)
            if mode == "full":
                for at in range(0, size, MIB):
                    self.put(new, bytes(min(MIB, size - at)))
            for logical, physical, length in places:
                new.seek(logical)
                self.put(new, self.piece(old, logical, physical, length))
            os.fsync(new.fileno())

    def piece(self, file: Any, logical: int, physical: int, length: int) -> bytes:
        return os.pread(file.fileno(), length, logical)


@behaviour("moves-by-map")
class MovesByMap(ByMap):
    """writes zeros where its file has no place on the disk, and does not ask whether it will have one"""


@behaviour("moves-from-disk")
class MovesFromDisk(ByMap):
    """reads its file from the disk below the filesystem, where not everything has arrived; needs root"""

    def piece(self, file: Any, logical: int, physical: int, length: int) -> bytes:
        disk = run(["findmnt", "--noheadings", "--output", "SOURCE", "--target", file.name]).strip()
        with open(disk, "rb", buffering=0) as below:
            return os.pread(below.fileno(), length, physical)


@behaviour("moves-sparsely-always")
class MovesSparselyAlways(Mover):
    """does not look at copy_mode"""

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        super().copy_to(source, target, size, "sparse")


@behaviour("moves-and-stays")
class MovesAndStays(Mover):
    """says that it moved a volume, which is on both sides afterwards"""

    def verb_migrate_volume(self, params: Params) -> Any:
        kept = self.known(params["name"])
        os.link(kept, kept + ".kept")
        answer = super().verb_migrate_volume(params)
        os.rename(kept + ".kept", kept)
        return answer


@behaviour("moves-and-leaves-link")
class MovesAndLeavesLink(Mover):
    """says that it moved a volume, and keeps an empty one of the same name"""

    def verb_migrate_volume(self, params: Params) -> Any:
        answer = super().verb_migrate_volume(params)
        self.make(self.file(params["name"]), params["size_bytes"])
        return answer


@behaviour("fails-after-moving")
class FailsAfterMoving(Mover):
    """answers with an error when all of a volume has moved, and the source is gone"""

    def verb_migrate_volume(self, params: Params) -> Any:
        super().verb_migrate_volume(params)
        raise Failed("the array did not answer in time")


@behaviour("fails-and-leaves-copy")
class FailsAndLeavesCopy(Mover):
    """answers with an error, and leaves what it has copied on the destination"""

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        super().copy_to(source, target, size // 2, mode)
        raise Failed("the array did not answer in time")

    def take_back(self, target: str) -> None:
        pass


@behaviour("moves-and-swallows")
class MovesAndSwallows(Mover):
    """takes a write that failed for one that was done"""

    def put(self, new: Any, data: bytes) -> None:
        try:
            super().put(new, data)
        except OSError:
            pass

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        try:
            super().copy_to(source, target, size, mode)
        except OSError:
            pass


@behaviour("moves-without-flush")
class MovesWithoutFlush(Mover):
    """deletes the source before what it wrote is on the destination's storage"""

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        with open(source, "rb") as old, open(target, "r+b") as new:
            for _ in range(0, size, MIB):
                new.write(old.read(min(MIB, size - new.tell())))


@behaviour("moves-and-stops-waiting")
class MovesAndStopsWaiting(Mover):
    """takes a write that waits for space for one that will be done"""

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        import subprocess

        copy = ["dd", f"if={source}", f"of={target}", "bs=1M", "conv=notrunc,fsync", *(["oflag=direct"] if size % MIB == 0 else [])]
        running = subprocess.Popen(copy, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if running.wait(timeout=0.5) != 0:
                raise Failed("dd failed")
        except subprocess.TimeoutExpired:
            pass


@behaviour("leaves-copy-where-it-is-full")
class LeavesCopyWhereItIsFull(Mover):
    """answers with an error where the destination is full, and leaves there what it has copied"""

    def take_back(self, target: str) -> None:
        pass


@behaviour("moves-nowhere")
class MovesNowhere(Mover):
    """says that it moved a volume where it does not know the destination"""

    def verb_migrate_volume(self, params: Params) -> Any:
        super().verb_migrate_volume(params)
        return {"moved": True}


class ReadsPieces(Mover):
    """Reads a volume in pieces, and goes by what its class makes of one that cannot be read."""

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        with open(source, "rb", buffering=0) as old, open(target, "r+b", buffering=0) as new:
            for at in range(0, size, 65536):
                try:
                    data = os.pread(old.fileno(), min(65536, size - at), at)
                except OSError:
                    data = self.unread(min(65536, size - at))
                    if not data:
                        break
                new.seek(at)
                self.put(new, data)
            os.fsync(new.fileno())

    def unread(self, length: int) -> bytes:
        return b""


@behaviour("moves-past-read-errors")
class MovesPastReadErrors(ReadsPieces):
    """writes zeros where its volume cannot be read, as dd conv=noerror,sync does"""

    def unread(self, length: int) -> bytes:
        return bytes(length)


@behaviour("moves-until-read-error")
class MovesUntilReadError(ReadsPieces):
    """takes the first error of a read for the end of its volume"""


@behaviour("small-storage")
class SmallStorage(Sound):
    """has room for 1 MiB, whatever it promises"""

    def verb_do_setup(self, params: Params) -> Any:
        answer = super().verb_do_setup(params)
        small = os.path.join(params["folder"], "small")
        if not os.path.ismount(small):
            os.makedirs(small, exist_ok=True)
            run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", small])
        self.setup = {**params, "folder": small}
        return answer

    def verb_shutdown(self, params: Params) -> Any:
        super().verb_shutdown(params)
        run(["umount", self.setup["folder"]])


class OnLoop(Sound):
    """Attaches volumes as loop devices; needs root."""

    options: list[str] = []

    def loop_of(self, name: str) -> str:
        return run(["losetup", "--noheadings", "--output", "NAME", "--associated", self.known(name)]).strip()

    def verb_attach_volume(self, params: Params) -> Any:
        command = ["losetup", "--find", "--show", *self.options, self.known(params["name"])]
        return {"path": self.loop_of(params["name"]) or run(command).strip()}

    def verb_detach_volume(self, params: Params) -> Any:
        loop = self.loop_of(params["name"])
        if loop:
            run(["losetup", "--detach", loop])

    def verb_update_migrated_volume(self, params: Params) -> Any:
        self.verb_detach_volume(params)
        super().verb_update_migrated_volume(params)

    def verb_delete_volume(self, params: Params) -> Any:
        self.verb_detach_volume(params)
        super().verb_delete_volume(params)

    def verb_shutdown(self, params: Params) -> Any:
        for name in os.listdir(self.setup["folder"]):
            if name.startswith("volume."):
                self.verb_detach_volume({"name": name[len("volume.") :]})
        super().verb_shutdown(params)


@behaviour("large-sectors")
class LargeSectors(OnLoop):
    """attaches volumes as devices of 4 KiB sectors"""

    options = ["--sector-size", "4096"]

    def verb_create_volume(self, params: Params) -> Any:
        super().verb_create_volume({**params, "size_bytes": -(-params["size_bytes"] // 4096) * 4096})


class FilledBehindCache(OnLoop):
    """Fills a copy below a device whose old bytes are in the page cache, and stay there because the device stays open."""

    def __init__(self, amount: Optional[float]) -> None:
        super().__init__(amount)
        self.open: Dict[str, Any] = {}

    def fill_behind(self, source: str, params: Params) -> None:
        self.verb_create_volume(params)
        device = open(self.verb_attach_volume(params)["path"], "rb", buffering=0)
        while device.read(MIB):
            pass
        self.open[params["name"]] = device
        with open(source, "rb") as old, open(self.known(params["name"]), "r+b") as new:
            for data in iter(lambda: old.read(MIB), b""):
                new.write(data)

    def verb_detach_volume(self, params: Params) -> Any:
        if params["name"] not in self.open:
            super().verb_detach_volume(params)

    def verb_delete_volume(self, params: Params) -> Any:
        if params["name"] in self.open:
            self.open.pop(params["name"]).close()
        super().verb_delete_volume(params)

    def verb_shutdown(self, params: Params) -> Any:
        for device in self.open.values():
            device.close()
        self.open = {}
        super().verb_shutdown(params)


@behaviour("clone-cached-old")
class CloneCachedOld(FilledBehindCache):
    """fills a clone below the page cache, which goes on to show what was there before"""

    def verb_create_cloned_volume(self, params: Params) -> Any:
        self.fill_behind(self.known(params["source_name"]), params)


@behaviour("restored-cached-old")
class RestoredCachedOld(FilledBehindCache):
    """fills a volume from a snapshot below the page cache, which goes on to show what was there before"""

    def verb_create_volume_from_snapshot(self, params: Params) -> Any:
        self.fill_behind(self.known(params["snapshot_name"], "snapshot"), params)


class SharesWithOrigin(Mover):
    """Keeps of a clone what was written to it, and the file that it shares the rest with."""

    def copy(self, source: str, params: Params) -> None:
        super().copy(source, params)
        target = self.file(params["name"])
        copy_sparse(source, target.replace("volume.", "origin.", 1))

    def origin(self, source: str) -> Optional[str]:
        path = source.replace("volume.", "origin.", 1)
        return path if os.path.exists(path) else None

    def verb_delete_volume(self, params: Params) -> Any:
        origin = self.origin(self.known(params["name"]))
        super().verb_delete_volume(params)
        if origin is not None:
            os.remove(origin)

    def copy_own(self, source: str, target: str, size: int, skips: Callable[[bytes, bytes], bool]) -> None:
        """Copies the blocks that it does not skip, each by what the volume and its origin hold."""
        origin = self.origin(source)
        assert origin is not None
        with open(source, "rb") as mine, open(origin, "rb") as theirs, open(target, "r+b", buffering=0) as new:
            for at in range(0, size, 65536):
                data, shared = (file.read(min(65536, size - at)) for file in (mine, theirs))
                if not skips(data, shared):
                    new.seek(at)
                    self.put(new, data)
            os.fsync(new.fileno())


@behaviour("moves-clone-without-origin")
class MovesCloneWithoutOrigin(SharesWithOrigin):
    """moves of a clone only what was written to it"""

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        if self.origin(source) is None:
            super().copy_to(source, target, size, mode)
        else:
            self.copy_own(source, target, size, lambda mine, shared: mine == shared)


@behaviour("moves-clone-as-it-was")
class MovesCloneAsItWas(SharesWithOrigin):
    """moves of a clone only what it shares, without what was written to it"""

    def copy_to(self, source: str, target: str, size: int, mode: str) -> None:
        super().copy_to(self.origin(source) or source, target, size, mode)


class OnThick(OnLvm):
    """Keeps volumes as thick logical volumes, and claims nothing; needs root."""

    claim = False
    yes: list[str] = ["--yes"]

    def verb_create_volume(self, params: Params) -> Any:
        if params["size_bytes"] <= 0:
            raise Failed("a volume has at least one byte")
        command = ["lvcreate", "--quiet", *self.yes, "--name", f"vol-{params['name']}", "--size", f"{params['size_bytes']}b", self.group]
        self.run_lvcreate(command)

    def run_lvcreate(self, command: list[str]) -> None:
        run(command)

    def call(self, method: str, params: Params) -> Any:
        if method in ("extend_volume", "create_snapshot", "create_cloned_volume", "create_volume_from_snapshot"):
            raise Failed(f"there is no {method} here", -32601)
        return super().call(method, params)


@behaviour("asks-before-it-wipes")
class AsksBeforeItWipes(OnThick):
    """runs lvcreate without --yes, which asks where it finds a signature, and takes the next request for the answer"""

    yes = []

    def run_lvcreate(self, command: list[str]) -> None:
        import subprocess

        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(done.stderr)


@behaviour("refuses-to-wipe")
class RefusesToWipe(OnThick):
    """runs lvcreate without --yes and without an input, so that it fails where it finds a signature"""

    yes = []


@behaviour("activates-nested-groups")
class ActivatesNestedGroups(OnThick):
    """activates every volume group that LVM finds on an attached volume"""

    def verb_attach_volume(self, params: Params) -> Any:
        import subprocess

        answer = super().verb_attach_volume(params)
        seen = 'devices{scan_lvs=1 global_filter=["a|.*|"] use_devicesfile=0}'
        subprocess.run(["vgchange", "--config", seen, "--activate", "y"], stdin=subprocess.DEVNULL, capture_output=True)
        return answer


@behaviour("moves-backup-table")
class MovesBackupTable(Sound):
    """takes the backup of a partition table along to the end of an extended volume"""

    def verb_extend_volume(self, params: Params) -> Any:
        path = self.known(params["name"])
        old_end = os.path.getsize(path)
        super().verb_extend_volume(params)
        with open(path, "r+b") as file:
            file.seek(old_end - 512)
            sector = file.read(512)
            if sector.startswith(b"EFI PART"):
                file.seek(-512, os.SEEK_END)
                file.write(sector)
                file.seek(old_end - 512)
                file.write(bytes(512))


@behaviour("guesses-formats")
class GuessesFormats(Sound):
    """takes a volume for an image where its content begins like one, and copies what the image shows"""

    def copy(self, source: str, params: Params) -> None:
        with open(source, "rb") as file:
            is_image = file.read(4) == b"QFI\xfb"
        super().copy(source, params)
        if is_image:
            with open(self.file(params["name"]), "r+b") as target:
                target.write(bytes(MIB))


@behaviour("writes-into-images")
class WritesIntoImages(Sound):
    """takes a volume for an image where its content begins like a whole one, and clones it by a snapshot that it commits"""

    def verb_create_cloned_volume(self, params: Params) -> Any:
        super().verb_create_cloned_volume(params)
        with open(self.known(params["source_name"]), "r+b") as file:
            header = file.read(32)
            if header.startswith(b"QFI\xfb") and header[8:16] == bytes(8):
                file.seek(24)
                file.write(struct.pack(">Q", params["size_bytes"]))


@behaviour("wipes-at-attach")
class WipesAtAttach(Sound):
    """takes what lies in a volume for the remains of another, and wipes the superblock of a filesystem"""

    def verb_attach_volume(self, params: Params) -> Any:
        with open(self.known(params["name"]), "r+b") as file:
            file.seek(1024 + 56)
            if file.read(2) == b"\x53\xef":
                file.seek(1024)
                file.write(bytes(1024))
        return super().verb_attach_volume(params)


@behaviour("clone-tail-stale")
class CloneTailStale(Sound):
    """shows stale bytes in what a larger clone has beyond its source"""

    def copy(self, source: str, params: Params) -> None:
        super().copy(source, params)
        if params["size_bytes"] > os.path.getsize(source):
            self.write_old(self.file(params["name"]), os.path.getsize(source), params["size_bytes"])


@behaviour("clone-cut")
class CloneCut(Sound):
    """makes a larger clone of an empty file, for want of a size that fits"""

    def copy(self, source: str, params: Params) -> None:
        if params["size_bytes"] > os.path.getsize(source):
            self.make(self.file(params["name"]), params["size_bytes"])
        else:
            super().copy(source, params)


@behaviour("rename-does-nothing")
class RenameDoesNothing(Sound):
    """says that it renamed a volume, and does not"""

    def verb_update_migrated_volume(self, params: Params) -> Any:
        self.known(params["name"])


@behaviour("rename-empties")
class RenameEmpties(Sound):
    """gives a volume's new name to an empty one"""

    def verb_update_migrated_volume(self, params: Params) -> Any:
        old = self.known(params["name"])
        self.make(self.file(params["new_name"]), os.path.getsize(old))
        os.remove(old)


@behaviour("detach-forgets")
class DetachForgets(Sound):
    """brings back what the first megabyte of a volume held before the use that ends"""

    def __init__(self, amount: Optional[float]) -> None:
        super().__init__(amount)
        self.before: dict[str, bytes] = {}

    def verb_attach_volume(self, params: Params) -> Any:
        answer = super().verb_attach_volume(params)
        with open(answer["path"], "rb") as file:
            self.before[params["name"]] = file.read(1024 * 1024)
        return answer

    def verb_detach_volume(self, params: Params) -> Any:
        before = self.before.pop(params["name"], b"")
        with open(self.known(params["name"]), "r+b") as file:
            file.write(before)


@behaviour("delete-keeps-used")
class DeleteKeepsUsed(Sound):
    """does not delete a volume that has been in use"""

    def __init__(self, amount: Optional[float]) -> None:
        super().__init__(amount)
        self.used: set[str] = set()

    def verb_detach_volume(self, params: Params) -> Any:
        self.used.add(params["name"])

    def verb_delete_volume(self, params: Params) -> Any:
        if params["name"] not in self.used:
            super().verb_delete_volume(params)


def main(argv: list[str]) -> int:
    if argv[:1] == ["--list"]:
        print(json.dumps(list(BEHAVIOURS)))
        return 0
    if not argv or argv[0] not in BEHAVIOURS:
        print(f"usage: hostile.py BEHAVIOUR [AMOUNT], one of: {' '.join(BEHAVIOURS)}", file=sys.stderr)
        return 2
    try:
        BEHAVIOURS[argv[0]](float(argv[1]) if len(argv) > 1 else None).serve()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains about it at its end
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
