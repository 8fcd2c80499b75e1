"""Relays and maps that are unusual and fine: none of them may raise an error or a warning.

Each variation is a real derper with its own certificates, and one run of derpprobe over its map.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import DEADLINE, Program, free_port, program, wait_until  # noqa: E402

NAME = "relay.example.net"


def openssl(*args, **kwargs):
    subprocess.run(["openssl", *args], check=True, capture_output=True, **kwargs)


class Certificates:
    """A private authority with an intermediate, and leaves for NAME, made by openssl."""

    def __init__(self, folder):
        self.folder = folder
        self.request("root", "/CN=Test Root", "-x509", "-days", "3650", "-addext", "basicConstraints=critical,CA:TRUE")
        self.sign("middle", "/CN=Test Intermediate", "root", 1000, "basicConstraints=critical,CA:TRUE")
        self.sign("leaf", f"/CN={NAME}", "middle", 364, f"subjectAltName=DNS:{NAME}")
        self.sign("short", f"/CN={NAME}", "middle", 6, f"subjectAltName=DNS:{NAME}")
        self.sign("other", "/CN=front.example.org", "middle", 364, "subjectAltName=DNS:front.example.org")
        self.sign("address", "/CN=by address", "middle", 364, "subjectAltName=IP:127.0.0.1")

    def path(self, name, kind):
        return str(self.folder / f"{name}.{kind}")

    def request(self, name, subject, *extra):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject, "-keyout",
                self.path(name, "key"), "-out", self.path(name, "crt" if "-x509" in extra else "csr"), *extra)

    def sign(self, name, subject, issuer, days, extension):
        self.request(name, subject)
        pathlib.Path(self.path(name, "ext")).write_text(extension + "\n")
        openssl("x509", "-req", "-in", self.path(name, "csr"), "-CA", self.path(issuer, "crt"), "-CAkey",
                self.path(issuer, "key"), "-CAcreateserial", "-days", str(days), "-out", self.path(name, "crt"),
                "-extfile", self.path(name, "ext"))

    def install(self, name, folder, hostname):
        """The leaf with its intermediate, where `derper -certdir folder -hostname hostname` looks for it."""
        folder.mkdir()
        chain = "".join(pathlib.Path(self.path(part, "crt")).read_text() for part in (name, "middle"))
        (folder / f"{hostname}.crt").write_text(chain)
        shutil.copy(self.path(name, "key"), folder / f"{hostname}.key")


class UdpDelay(threading.Thread):
    """A way to a STUN server that loses the first `lose` requests and holds every answer for `hold` seconds."""

    def __init__(self, target, lose=0, hold=0.0, ip="127.0.0.1"):
        super().__init__(daemon=True)
        self.target, self.lose, self.hold = target, lose, hold
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind((ip, 0))
        self.port = self.front.getsockname()[1]
        self.start()

    def run(self):
        count = 0
        while True:
            try:
                data, client = self.front.recvfrom(2048)
            except OSError:
                return
            count += 1
            if count > self.lose:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
                    back.settimeout(5)
                    back.sendto(data, self.target)
                    threading.Timer(self.hold, self.front.sendto, (back.recv(2048), client)).start()


class TlsFront(threading.Thread):
    """A proxy that ends TLS, 1.2 at the most, before a relay that speaks plain HTTP."""

    def __init__(self, certificates, leaf, target):
        super().__init__(daemon=True)
        self.target = target
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.maximum_version = ssl.TLSVersion.TLSv1_2
        chain = certificates.folder / "front.pem"
        chain.write_text("".join(pathlib.Path(certificates.path(part, "crt")).read_text() for part in (leaf, "middle")))
        self.context.load_cert_chain(chain, certificates.path(leaf, "key"))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, raw):
        with contextlib.suppress(OSError), raw, self.context.wrap_socket(raw, server_side=True) as client, \
                socket.create_connection(self.target) as relay:
            threading.Thread(target=self.carry, args=(relay, client), daemon=True).start()
            self.carry(client, relay)

    @staticmethod
    def carry(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


class HealthyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="derp-healthy-")
        cls.addClassCleanup(holder.cleanup)
        cls.shared = pathlib.Path(holder.name)
        (cls.shared / "ca").mkdir()
        cls.certificates = Certificates(cls.shared / "ca")

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="derp-healthy-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def relay(self, hostname, leaf=None, ip="127.0.0.1", extra=(), env=None):
        """A relay with this leaf, or with a self-signed one: its node for the map."""
        host = f"[{ip}]" if ":" in ip else ip
        port, stun_port = free_port(socket.SOCK_STREAM, ip), free_port(socket.SOCK_DGRAM, ip)
        if leaf:
            self.certificates.install(leaf, self.folder / "certs", hostname)
        relay = Program([program("derper"), "-a", f"{host}:{port}", "-hostname", hostname, "-certmode", "manual", "-certdir",
                         str(self.folder / "certs"), "-c", str(self.folder / "key"), "-http-port", "-1", "-stun-port",
                         str(stun_port), "-workers", "1", *extra], self.folder / "log", {**os.environ, **(env or {})})
        self.addCleanup(relay.stop)
        wait_until(lambda: relay.process.poll() is None and "serving on" in relay.text(), relay.text)
        node = {"Name": "900a", "RegionID": 900, "HostName": hostname, "IPv4": "none", "IPv6": "none", "DERPPort": port,
                "STUNPort": stun_port, "IPv6" if ":" in ip else "IPv4": ip}
        if pin := re.search(r"sha256-raw:[0-9a-f]{64}", relay.text()):
            node["CertName"] = pin.group(0)
        return node

    def probe(self, *nodes, regions=None):
        path = self.folder / "map.json"
        path.write_text(json.dumps({"Regions": {
            "900": {"RegionID": 900, "RegionCode": "lab", "RegionName": "Lab", "Nodes": list(nodes)}, **(regions or {})}}))
        done = subprocess.run([program("derpprobe"), "-once", "-format", "json", "-derp-map", str(path)],
                              capture_output=True, text=True, timeout=DEADLINE * 2,
                              env={**os.environ, "SSL_CERT_FILE": self.certificates.path("root", "crt")})
        return done, json.loads(done.stdout)

    def check(self, *nodes, infos=(), regions=None):
        """No error and no warning, every node usable; of the infos these are among them."""
        done, document = self.probe(*nodes, regions=regions)
        wrong = [f'{f["code"]}: {f["fact"]}' for f in document["findings"] if f["severity"] != "info"]
        self.assertEqual(wrong, [])
        self.assertEqual({node["verdict"] for node in document["nodes"]}, {"usable"})
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("bad: ", done.stderr)
        found = {finding["code"] for finding in document["findings"]}
        self.assertLessEqual(set(infos), found)
        return document, found

    def test_a_pinned_address(self):
        self.check(self.relay("127.0.0.1"))

    def test_a_pinned_ipv6_address(self):
        self.check(self.relay("::1", ip="::1"))

    def test_a_name_with_a_chain_to_a_trusted_root(self):
        self.check(self.relay(NAME, "leaf"))

    def test_a_name_in_capitals_and_with_a_dot_at_its_end(self):
        node = self.relay(NAME, "leaf")
        self.check({**node, "HostName": "Relay.Example.NET"})
        self.check({**node, "HostName": NAME + "."})

    def test_a_fronted_name(self):
        node = self.relay("front.example.org", "other", extra=())
        self.check({**node, "CertName": "front.example.org"})

    def test_an_address_certified_by_a_trusted_root(self):
        self.check(self.relay("127.0.0.1", "address"))

    def test_tls_1_2_only_ended_by_a_proxy(self):
        node = self.relay(NAME, extra=["-tls=off"])
        front = TlsFront(self.certificates, "leaf", ("127.0.0.1", node["DERPPort"]))
        self.addCleanup(front.listener.close)
        self.check({**node, "DERPPort": front.port}, infos=["tls.version"])

    def test_a_certificate_of_six_days(self):
        document, _ = self.check(self.relay(NAME, "short"))
        self.assertLessEqual(document["nodes"][0]["cert_days_left"], 6)

    def test_stun_switched_off(self):
        node = self.relay("127.0.0.1", extra=["-stun=false"])
        document, _ = self.check({**node, "STUNPort": -1}, infos=["stun.disabled"])
        self.assertEqual({s["reason"] for s in document["nodes"][0]["stages"] if s["stage"] == "stun" and "reason" in s
                          and s["outcome"] == "skipped"} - {"map says none"}, {"STUNPort -1"})

    def test_stun_only(self):
        node = self.relay("127.0.0.1", extra=["-derp=false"])
        self.check({**node, "STUNOnly": True})

    def test_stun_answers_that_come_late(self):
        node = self.relay("127.0.0.1")
        late = UdpDelay(("127.0.0.1", node["STUNPort"]), hold=0.4)
        self.addCleanup(late.front.close)
        self.check({**node, "STUNPort": late.port})

    def test_one_stun_request_that_is_lost(self):
        node = self.relay("127.0.0.1")
        lossy = UdpDelay(("127.0.0.1", node["STUNPort"]), lose=1)
        self.addCleanup(lossy.front.close)
        self.check({**node, "STUNPort": lossy.port})

    def test_a_stun_server_beside_a_relay_in_one_region(self):
        node = self.relay("127.0.0.1")
        stun = UdpDelay(("127.0.0.1", node["STUNPort"]), ip="127.0.0.2")
        self.addCleanup(stun.front.close)
        self.check(node, {"Name": "900s", "RegionID": 900, "HostName": "stun.example.net", "STUNOnly": True, "IPv4": "127.0.0.2",
                          "IPv6": "none", "STUNPort": stun.port})

    def test_members_in_another_case_and_unknown_ones(self):
        node = self.relay("127.0.0.1")
        self.check({name.lower(): value for name, value in node.items()} | {"Comment": "ours"}, infos=["map.unknown_field"])

    def test_a_region_that_clients_avoid(self):
        node = self.relay("127.0.0.1")
        path_regions = {"900": {"RegionID": 900, "RegionCode": "lab", "RegionName": "Lab", "Avoid": True, "Nodes": [node]}}
        self.check(regions=path_regions, infos=["map.avoid"])

    def test_an_insecure_test_node_is_usable_and_the_map_is_blamed(self):
        node = self.relay("127.0.0.1")
        del node["CertName"]
        done, document = self.probe({**node, "InsecureForTests": True})
        self.assertEqual({f["code"] for f in document["findings"] if f["severity"] != "info"}, {"map.insecure"})
        self.assertEqual([node["verdict"] for node in document["nodes"]], ["usable"])
        self.assertEqual(done.returncode, 0)

    def test_a_region_that_is_null_is_a_warning_and_the_rest_is_judged(self):
        done, document = self.probe(self.relay("127.0.0.1"), regions={"901": None})
        self.assertEqual({f["code"] for f in document["findings"] if f["severity"] != "info"}, {"map.null_region"})
        self.assertEqual([node["verdict"] for node in document["nodes"]], ["usable"])
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    if not shutil.which("openssl"):
        print("skipped: openssl is not installed")
        sys.exit(77)
    unittest.main(verbosity=2)
