"""Starts the built programs for end-to-end tests: relays on loopback, meshed regions, maps.

Every wait is a condition with a deadline; everything started is ended by its own process object.
"""
import contextlib
import json
import os
import pathlib
import random
import re
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request

BUILD = pathlib.Path(os.environ["DERP_BUILD_DIR"])
DEADLINE = float(os.environ.get("DERP_E2E_DEADLINE", "30"))


def program(name):
    return str(BUILD / name / name)


def wait_until(condition, what, seconds=DEADLINE):
    """Polls until the condition gives something true, and returns that. `what` may be a function: what it says at the end."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"gave up after {seconds} s waiting for {what() if callable(what) else what}")
        time.sleep(0.02)  # the pace of the polling, not a guess at a duration


_reserved = []  # sockets that hold the names of ports for as long as this process lives


def _reserve(port):
    """Whether no other test of this network namespace was given the port."""
    holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        holder.bind(f"\0derp-test-port-{port}")
    except OSError:
        holder.close()
        return False
    _reserved.append(holder)
    return True


def free_port(kind, *hosts):
    """A port that is free on all hosts, and that nobody else takes before a program listens there.

    It lies below the ports that the kernel gives to whoever asks for any.
    """
    for _ in range(1000):
        port = random.randrange(10240, 32768)
        with contextlib.ExitStack() as stack:
            try:
                for host in hosts:
                    family = socket.AF_INET6 if ":" in host else socket.AF_INET
                    stack.enter_context(socket.socket(family, kind)).bind((host, port))
            except OSError:
                continue
            if _reserve(port):
                return port
    raise AssertionError("no free port")


def http_get(url, timeout=5):
    """(status, headers, body) of a GET; certificates are not checked."""
    context = ssl._create_unverified_context()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(url, timeout=timeout) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


class Program:
    """A running program whose standard error goes to a file."""

    def __init__(self, args, log, env=None):
        self.log = pathlib.Path(log)
        self.file = open(log, "wb")
        self.process = subprocess.Popen(args, stdout=self.file, stderr=subprocess.STDOUT, env=env,
                                        stdin=subprocess.DEVNULL)

    def text(self):
        return self.log.read_text(errors="replace")

    def stop(self, signal_number=None):
        """Ends it (SIGTERM unless told otherwise) and gives the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number) if signal_number else self.process.terminate()
        try:
            status = self.process.wait(DEADLINE)
        finally:
            self.file.close()
        return status


class Listener(contextlib.AbstractContextManager):
    """A running program whose standard error is heard line by line, each as soon as it is said. Ended after the deadline."""

    def __init__(self, args):
        self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.limit = threading.Timer(DEADLINE, self.process.kill)
        self.limit.start()

    def hear(self, words):
        said = ""
        for line in self.process.stderr:
            said += line
            if words in line:
                return
        raise AssertionError(f"no {words!r} in: {said}")

    def __exit__(self, *_):
        self.limit.cancel()
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


class Relay(Program):
    """derper on a loopback address with a self-signed, pinned certificate."""

    def __init__(self, folder, ip, port, stun_port, mesh_with=(), extra=()):
        self.ip, self.port, self.stun_port, self.folder = ip, port, stun_port, pathlib.Path(folder)
        args = [program("derper"), "-a", f"{ip}:{port}", "-hostname", ip, "-certmode", "manual",
                "-certdir", str(self.folder / ip), "-c", str(self.folder / f"{ip}.key"), "-http-port", "-1",
                "-stun-port", str(stun_port), "-workers", "2"]
        if mesh_with:
            args += ["-mesh-psk-file", str(self.folder / "mesh.key"), "-mesh-with", ",".join(mesh_with),
                     "-mesh-ca-file", str(self.folder / "ca.pem")]
        super().__init__([*args, *extra], self.folder / f"{ip}.log")

    def pin(self):
        """What its log says to pin; the relay serves then."""
        def said():
            text = self.text()
            return self.alive() and "serving on" in text and re.search(r"sha256-raw:[0-9a-f]{64}", text)
        return wait_until(said, lambda: f"the pin of {self.ip}: {self.text()}").group(0)

    def alive(self):
        if self.process.poll() is not None:
            raise AssertionError(f"derper on {self.ip} ended: {self.text()}")
        return True

    def certificate(self):
        path = self.folder / self.ip / f"{self.ip}.crt"
        return wait_until(lambda: self.alive() and path.exists() and path.read_text(), lambda: f"certificate of {self.ip}")

    def varz(self):
        return http_get(f"https://{self.ip}:{self.port}/debug/varz")[2]

    def node(self, name, **changes):
        return {"Name": name, "RegionID": 900, "HostName": self.ip, "IPv4": self.ip, "IPv6": "none",
                "DERPPort": self.port, "STUNPort": self.stun_port, "CertName": self.pin(), **changes}


class Region(contextlib.ExitStack):
    """Two relays meshed in one region, on 127.0.0.1 and 127.0.0.2, and the map that names them."""

    def __init__(self, extra=()):
        super().__init__()
        self.extra = extra

    def __enter__(self):
        super().__enter__()
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="derp-e2e-")))
        hosts = ("127.0.0.1", "127.0.0.2")
        port = free_port(socket.SOCK_STREAM, *hosts)
        stun_port = free_port(socket.SOCK_DGRAM, *hosts)
        (self.folder / "mesh.key").write_text("0123456789abcdef" * 4 + "\n")
        (self.folder / "mesh.key").chmod(0o600)
        (self.folder / "ca.pem").write_text("")
        self.relays = []
        for ip in hosts:
            relay = Relay(self.folder, ip, port, stun_port, [f"{host}:{port}" for host in hosts], self.extra)
            self.callback(relay.stop)
            self.relays.append(relay)
        (self.folder / "ca.pem").write_text("".join(relay.certificate() for relay in self.relays))
        for relay in self.relays:
            wait_until(lambda relay=relay: relay.alive() and self._watched(relay), lambda: f"mesh of {relay.ip}: {relay.text()}")
        self.map = self.write_map([relay.node(f"900{letter}") for relay, letter in zip(self.relays, "ab")])
        return self

    @staticmethod
    def _watched(relay):
        try:
            return re.search(r"^derp_watchers [1-9]", relay.varz(), re.M)
        except OSError:
            return None

    def write_map(self, nodes, name="map.json"):
        path = self.folder / name
        path.write_text(json.dumps({"Regions": {"900": {"RegionID": 900, "RegionCode": "lab", "RegionName": "Lab",
                                                        "Nodes": nodes}}}))
        return path

    def probe(self, *extra, map_path=None):
        """derpprobe -once over the map: the finished process with its texts."""
        return subprocess.run([program("derpprobe"), "-once", "-derp-map", f"file://{map_path or self.map}",
                               "-mesh-psk-file", str(self.folder / "mesh.key"), *extra],
                              capture_output=True, text=True, timeout=DEADLINE * 2, stdin=subprocess.DEVNULL,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
