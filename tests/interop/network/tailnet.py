"""A small real tailnet on this machine: headscale and tailscaled in userspace mode, whose only path is the relays given.

Everything runs in a network namespace with one pair of interfaces that leads nowhere, so nothing leaves the machine. The programs are looked
for in DERP_INTEROP_DIR, then on PATH.
"""
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
from programs import Program, free_port, http_get, wait_until  # noqa: E402
from theirs import end_without, find  # noqa: E402

ADDRESSES = ("10.90.0.1", "10.90.0.2")  # of the relays
TAIL_PORT = 9990  # where the far end of a transfer listens

HEADSCALE_CONFIG = """
server_url: http://127.0.0.1:{port}
listen_addr: 127.0.0.1:{port}
metrics_listen_addr: 127.0.0.1:0
noise: {{private_key_path: {folder}/noise.key}}
prefixes: {{v4: 100.64.0.0/10, v6: "fd7a:115c:a1e0::/48", allocation: sequential}}
derp:
  server: {{enabled: false}}
  urls: []
  paths: [{folder}/derp.yaml]
  auto_update_enabled: false
disable_check_updates: true
database: {{type: sqlite, sqlite: {{path: {folder}/db.sqlite}}}}
log: {{level: info, format: text}}
policy: {{mode: file, path: ""}}
dns: {{magic_dns: false, base_domain: tail.test, override_local_dns: false, nameservers: {{global: []}}}}
unix_socket: {folder}/headscale.sock
unix_socket_permission: "0700"
logtail: {{enabled: false}}
"""


def enter(*programs):
    """Goes on inside a namespace of its own; ends as skipped without the programs or where that is refused."""
    end_without(*programs)
    if os.environ.get("DERP_IN_NAMESPACE"):
        _set_up()
        return
    probe = subprocess.run(["unshare", "-Urn", "ip", "link", "add", "one", "type", "veth", "peer", "name", "two"], capture_output=True, text=True)
    if probe.returncode != 0:
        print(f"skipped: no network namespaces here: {probe.stderr.strip()}")
        sys.exit(77)
    os.environ["DERP_IN_NAMESPACE"] = "1"
    os.execvp("unshare", ["unshare", "-Urn", "--fork", "--kill-child", sys.executable, *sys.argv])


def _set_up():
    def ip(*args):
        subprocess.run(["ip", *args], check=True)
    ip("link", "set", "lo", "up")
    ip("link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
    for address in ADDRESSES:
        ip("address", "add", f"{address}/24", "dev", "eth0")
    for end in ("eth0", "eth1"):
        ip("link", "set", end, "up")
    ip("route", "add", "default", "via", "10.90.0.254")  # a client without one believes that it is offline


class Headscale(Program):
    def __init__(self, folder, nodes):
        self.folder = pathlib.Path(folder)
        self.port = free_port(socket.SOCK_STREAM, "127.0.0.1")
        self.write_map(nodes)
        self.config = self.folder / "headscale.yaml"
        self.config.write_text(HEADSCALE_CONFIG.format(port=self.port, folder=self.folder))
        super().__init__([find("headscale"), "-c", str(self.config), "serve"], self.folder / "headscale.log")
        self.url = f"http://127.0.0.1:{self.port}"
        wait_until(self._healthy, lambda: f"headscale: {self.text()}")
        user = self.command("users", "create", "lab")
        self.key = self.command("preauthkeys", "create", "--user", str(user["id"]), "--reusable", "--expiration", "1h")["key"]

    def _healthy(self):
        if self.process.poll() is not None:
            raise AssertionError(f"headscale ended: {self.text()}")
        try:
            return http_get(f"{self.url}/health")[0] == 200
        except OSError:
            return False

    def write_map(self, nodes):
        """The derper nodes as headscale's YAML, of which JSON is a part."""
        lower = [{key.lower(): value for key, value in node.items()} for node in nodes]
        region = {"regionid": 900, "regioncode": "lab", "regionname": "Lab", "nodes": lower}
        (self.folder / "derp.yaml").write_text(f"regions: {{900: {json.dumps(region)}}}\n")

    def command(self, *args):
        done = subprocess.run([find("headscale"), "-c", str(self.config), "-o", "json", *args], capture_output=True, text=True,
                              timeout=30, check=True)
        return json.loads(done.stdout)


class Node(Program):
    """A tailscaled in userspace mode that may use no path but relays."""

    def __init__(self, folder, name, trust=None):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.name = name
        self.socket = str(self.folder / "tailscaled.sock")
        self.socks_port = free_port(socket.SOCK_STREAM, "127.0.0.1")
        environment = {**os.environ, "TS_DEBUG_ALWAYS_USE_DERP": "1", "TS_NO_LOGS_NO_SUPPORT": "1",
                       "TS_DISABLE_PORTMAPPER": "1", "HOME": str(self.folder)}
        if trust:
            environment["SSL_CERT_FILE"] = str(trust)
        super().__init__([find("tailscaled"), "--tun=userspace-networking", "--statedir", str(self.folder), "--socket",
                          self.socket, "--port", "0", "--no-logs-no-support", "--socks5-server", f"127.0.0.1:{self.socks_port}"],
                         self.folder / "tailscaled.log", environment)
        wait_until(lambda: os.path.exists(self.socket), lambda: f"tailscaled: {self.text()}")

    def tailscale(self, *args, timeout=60, check=True):
        return subprocess.run([find("tailscale"), "--socket", self.socket, *args], capture_output=True, text=True,
                              timeout=timeout, check=check)

    def join(self, url, key):
        self.tailscale("up", "--login-server", url, "--auth-key", key, "--hostname", self.name, "--accept-dns=false",
                       "--timeout", "60s", timeout=90)
        self.address = self.tailscale("ip", "-4").stdout.strip()

    def status(self):
        return json.loads(self.tailscale("status", "--json").stdout)

    def home(self):
        return self.status()["Self"]["Relay"]

    def ping(self, other, seconds=60):
        """The line about the pong, which names the relay it came through; a lost ping is sent again."""
        def once():
            done = self.tailscale("ping", "--c", "1", "--until-direct=false", "--timeout", "2s", other.address, check=False)
            return next((line for line in done.stdout.splitlines() if line.startswith("pong")), None)
        return wait_until(once, lambda: f"a pong of {other.name}", seconds)


def dial_through(node, address, port, timeout=60):
    """A TCP connection through the node's SOCKS5 server."""
    link = socket.create_connection(("127.0.0.1", node.socks_port), timeout)
    link.sendall(b"\x05\x01\x00")
    if _read(link, 2) != b"\x05\x00":
        raise AssertionError("SOCKS5 refused")
    link.sendall(b"\x05\x01\x00\x01" + socket.inet_aton(address) + port.to_bytes(2, "big"))
    answer = _read(link, 10)
    if answer[1] != 0:
        link.close()
        raise ConnectionError(f"SOCKS5 status {answer[1]}")
    return link


def _read(link, size):
    data = b""
    while len(data) < size:
        part = link.recv(size - len(data))
        if not part:
            raise ConnectionError("the connection ended")
        data += part
    return data


class Sink:
    """Takes one connection, reads `size` bytes and keeps their hash."""

    def __init__(self, port, size):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.size, self.received, self.digest = size, 0, hashlib.sha256()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        link, _ = self.listener.accept()
        with link:
            while self.received < self.size:
                part = link.recv(1 << 18)
                if not part:
                    return
                self.digest.update(part)
                self.received += len(part)
            link.sendall(b"k")

    def close(self):
        self.listener.close()


def transfer(source, target, megabytes, pause=None):
    """Sends through the tailnet; gives the seconds that took. `pause(done)` is called after every megabyte."""
    sink = Sink(TAIL_PORT, megabytes << 20)
    try:
        link = dial_through(source, target.address, TAIL_PORT)
        block = os.urandom(1 << 20)
        sent = hashlib.sha256()
        start = time.monotonic()
        with link:
            link.settimeout(60)
            for done in range(megabytes):
                link.sendall(block)
                sent.update(block)
                if pause:
                    pause(done)
            if link.recv(1) != b"k":
                raise AssertionError(f"only {sink.received} bytes arrived")
        seconds = time.monotonic() - start
    finally:
        sink.close()
    if sink.digest.digest() != sent.digest():
        raise AssertionError("what arrived is not what was sent")
    return seconds


def cpu_seconds(process):
    """(user, system) time of a running process, from the scheduler."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return tuple(int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:13])
