"""What derpprobe says of networks that fail: between two hosts, over a wire that a test cuts or bends.

Each case runs the real programs; the relays have public addresses of both families.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import DEADLINE, Program, program, wait_until  # noqa: E402
from two_hosts import PROBER, RELAYS, Network, enter  # noqa: E402

DERP_PORT, STUN_PORT = 443, 3478


class Relay(Program):
    """derper with its STUN on one address of the relays' host."""

    def __init__(self, network, folder, number, family=0):
        self.ip = RELAYS[number][family]
        self.folder = folder / self.ip.replace(":", "-")
        self.folder.mkdir()
        host = f"[{self.ip}]" if family else self.ip
        super().__init__([*network.relays.run, program("derper"), "-a", f"{host}:{DERP_PORT}", "-hostname", self.ip, "-certmode", "manual", "-certdir", str(self.folder), "-c",
                          str(self.folder / "key"), "-http-port", "-1", "-stun-port", str(STUN_PORT), "-workers", "1"],
                         self.folder / "log")
        self.pin = wait_until(lambda: re.search(r"sha256-raw:[0-9a-f]{64}", self.text()), self.text).group(0)

    def node(self, name, **changes):
        return {"Name": name, "HostName": self.ip, "IPv4": self.ip, "IPv6": "none", "DERPPort": DERP_PORT,
                "STUNPort": STUN_PORT, "CertName": self.pin, **changes}


class FaultsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.network = Network().__enter__()
        cls.addClassCleanup(cls.network.close)
        folder = tempfile.TemporaryDirectory(prefix="derp-network-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.relays = []
        for number in range(2):
            relay = Relay(cls.network, cls.folder, number)
            cls.addClassCleanup(relay.stop)
            cls.relays.append(relay)

    def setUp(self):
        self.network.wire.policy = None

    def probe(self, *nodes, args=()):
        """derpprobe -once from the prober's host, each node a region of its own: exit status and document."""
        regions = {str(900 + i): {"RegionID": 900 + i, "RegionCode": f"r{i}", "RegionName": f"Region {i}",
                                  "Nodes": [{**node, "RegionID": 900 + i}]} for i, node in enumerate(nodes)}
        path = self.folder / "map.json"
        path.write_text(json.dumps({"Regions": regions}))
        done = subprocess.run([*self.network.prober.run, program("derpprobe"), "-once", "-format", "json", "-derp-map",
                               str(path), *args], capture_output=True, text=True, timeout=DEADLINE * 3,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        return done.returncode, json.loads(done.stdout)

    def both(self):
        return [relay.node(f"n{i}") for i, relay in enumerate(self.relays)]

    def check(self, outcome, status, codes, verdicts):
        """`codes`: those of errors and warnings as (code, node) in any order."""
        done, document = outcome
        found = sorted((finding["code"], finding["node"] or "") for finding in document["findings"]
                       if finding["severity"] != "info")
        facts = "\n".join(f'{f["code"]} {f["node"]}: {f["fact"]}' for f in document["findings"])
        self.assertEqual(found, sorted(codes), facts)
        self.assertEqual([node["verdict"] for node in document["nodes"]], verdicts, facts)
        self.assertEqual(done, status, facts)
        return document

    def drop(self, what):
        self.network.wire.policy = lambda frame, to_relays: None if what(frame, to_relays) else frame.raw

    def test_a_healthy_network_gives_no_finding(self):
        self.check(self.probe(*self.both()), 0, [], ["usable", "usable"])

    def test_lost_packets_of_tcp_raise_no_alarm(self):
        count = [0]
        lost = set()  # nothing twice: by chance the same segment could be every time's twentieth

        def every_twentieth(frame, _):
            count[0] += frame.tcp
            if not frame.tcp or count[0] % 20 or frame.tcp_start in lost:
                return False
            lost.add(frame.tcp_start)
            return True
        self.drop(every_twentieth)
        self.check(self.probe(*self.both()), 0, [], ["usable", "usable"])
        self.assertTrue(lost)

    def test_one_late_answer_and_one_lost_request_raise_no_alarm(self):
        lost = []

        def first_request(frame, to_relays):
            if frame.udp and to_relays and not lost:
                lost.append(frame)
                return True
            return False
        self.drop(first_request)
        self.check(self.probe(*self.both()), 0, [], ["usable", "usable"])
        self.assertTrue(lost)

    def test_every_other_stun_request_lost_is_stun_loss(self):
        count = [0]

        def every_other(frame, to_relays):
            ours = frame.udp and to_relays and frame.target == self.relays[0].ip
            count[0] += ours
            return ours and count[0] % 2 == 0
        self.drop(every_other)
        self.check(self.probe(*self.both()), 0, [("stun.loss", "n0")], ["impaired", "usable"])

    def test_udp_that_is_blocked_everywhere_is_the_probers_own_trouble(self):
        self.drop(lambda frame, to_relays: frame.udp and not to_relays)
        document = self.check(self.probe(*self.both()), 1, [("prober.udp_blocked", "")], ["usable", "usable"])
        for node in document["nodes"]:
            self.assertEqual({stage["outcome"] for stage in node["stages"] if stage["stage"] == "stun"}, {"skipped"})

    def test_udp_that_one_relay_does_not_answer_is_that_relays(self):
        self.drop(lambda frame, to_relays: frame.udp and frame.source == self.relays[1].ip)
        self.check(self.probe(*self.both()), 1, [("stun.no_reply", "n1")], ["usable", "impaired"])

    def test_a_reference_that_answers_blames_every_silent_relay(self):
        reference = Relay(self.network, self.folder, 1, family=1)  # another program, over IPv6
        self.addCleanup(reference.stop)
        self.drop(lambda frame, to_relays: frame.udp and frame.version == 4 and not to_relays)
        self.check(self.probe(*self.both(), args=["-udp-reference", f"[{reference.ip}]:{STUN_PORT}"]), 1,
                   [("stun.no_reply", "n0"), ("stun.no_reply", "n1")], ["impaired", "impaired"])

    def test_a_node_that_nothing_reaches_is_unreachable_and_the_other_is_fine(self):
        self.drop(lambda frame, _: self.relays[1].ip in (frame.source, frame.target) and (frame.tcp or frame.udp))
        self.check(self.probe(*self.both()), 1, [("node.unreachable", "n1")], ["usable", "unusable"])

    def test_a_cut_wire_is_the_probers_own_trouble(self):
        self.drop(lambda frame, _: frame.tcp or frame.udp)
        self.check(self.probe(*self.both()), 1, [("prober.offline", "")], ["unknown", "unknown"])

    def test_tcp_alone_cut_is_a_tcp_timeout(self):
        self.drop(lambda frame, _: frame.tcp and self.relays[1].ip in (frame.source, frame.target))
        self.check(self.probe(*self.both()), 1, [("tcp.timeout", "n1")], ["usable", "unusable"])

    def test_answers_from_another_address_are_a_foreign_source(self):
        def bent(frame, to_relays):
            if frame.udp and not to_relays and frame.source == self.relays[0].ip:
                return frame.from_other(RELAYS[1][0])
            return frame.raw
        self.network.wire.policy = bent
        self.check(self.probe(*self.both()), 1, [("stun.foreign_source", "n0")], ["impaired", "usable"])

    def test_a_proxy_that_rewrites_the_source_shows_in_the_mapped_address(self):
        port = STUN_PORT + 1
        log = self.folder / "proxy.log"
        script = pathlib.Path(__file__).resolve().parent / "udp_proxy.py"
        proxy = Program([*self.network.relays.run, sys.executable, str(script), RELAYS[0][0], str(port),
                         RELAYS[1][0], str(STUN_PORT)], log)
        self.addCleanup(proxy.stop)
        wait_until(lambda: "ready" in proxy.text(), proxy.text)
        node = {**self.relays[0].node("n0"), "STUNPort": port}
        self.check(self.probe(node, self.relays[1].node("n1")), 0, [("stun.mapped_private", "n0")],
                   ["impaired", "usable"])

    def test_without_ipv6_that_family_is_skipped_and_no_nodes_fault(self):
        setting = "/proc/sys/net/ipv6/conf/all/disable_ipv6"
        self.on_prober(f"echo 1 > {setting}")
        self.addCleanup(self.on_prober, f"echo 0 > {setting} && ip address add 2001:db8::10/64 dev eth0 nodad")
        nodes = [relay.node(f"n{i}", IPv6=RELAYS[i][1]) for i, relay in enumerate(self.relays)]
        document = self.check(self.probe(*nodes), 0, [], ["usable", "usable"])
        self.assertIn("prober.no_ipv6", [finding["code"] for finding in document["findings"]])
        for stage in (stage for node in document["nodes"] for stage in node["stages"]):
            if stage.get("family") == "ipv6":
                self.assertEqual((stage["outcome"], stage["reason"]), ("skipped", "prober has no IPv6"), stage)

    def test_without_ipv4_that_family_is_skipped_and_no_nodes_fault(self):
        relay = Relay(self.network, self.folder, 0, family=1)
        self.addCleanup(relay.stop)
        self.on_prober("ip -4 address flush dev eth0")
        self.addCleanup(self.on_prober, f"ip address add {PROBER[0]}/24 dev eth0")
        node = relay.node("n0", IPv4=RELAYS[0][0], IPv6=relay.ip)
        document = self.check(self.probe(node), 0, [], ["usable"])
        self.assertIn("prober.no_ipv4", [finding["code"] for finding in document["findings"]])

    def test_a_way_that_ends_at_a_router_is_unreachable_once(self):
        self.on_relays("echo 1 > /proc/sys/net/ipv4/ip_forward && ip route add unreachable 203.0.113.9")
        self.on_prober(f"ip route add 203.0.113.0/24 via {RELAYS[0][0]}")
        node = self.relays[1].node("n1", HostName="203.0.113.9", IPv4="203.0.113.9")
        document = self.check(self.probe(self.relays[0].node("n0"), node), 1, [("tcp.unreachable", "n1")],
                              ["usable", "unusable"])
        self.assertEqual({stage["outcome"] for stage in document["nodes"][1]["stages"] if stage["stage"] == "stun"}
                         - {"skipped"}, {"not_reached"})

    def on_relays(self, command):
        subprocess.run([*self.network.relays.run, "sh", "-c", command], check=True)

    def on_prober(self, command):
        subprocess.run([*self.network.prober.run, "sh", "-c", command], check=True)


if __name__ == "__main__":
    enter()
    unittest.main(verbosity=2)
