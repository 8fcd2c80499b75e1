"""Every fault has its code: a front with one switch per fault before a real derper, and derpprobe -once over it.

Each row of the table gives a switch and what has to be said of it: exactly one code, on its stage, with the stages behind
it not reached and those beside it untouched. Runs in a network namespace of its own, since port 80 is needed; where there
is none, the rows about port 80 are skipped.
"""
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from fault_certificates import NAME, Certificates  # noqa: E402
from fault_front import Front, Proxy  # noqa: E402
from fault_switches import FAULTS  # noqa: E402
from programs import DEADLINE, Program, free_port, program, wait_until  # noqa: E402

MAIN = ["map", "dns", "tcp", "tls", "cert", "http", "derp", "relay"]  # mesh is looked at on its own
SIDE = ["latency", "ws"]
# Errors that a client survives: the walk goes on behind them.
GOES_ON = {"cert.expiring_soon", "cert.meta_differs", "derp.several_keys", "relay.idle_cut"}
# True of every node here: literals of loopback, one region, TLS ended by a proxy.
ALWAYS = {"map.single_region", "map.private_address", "map.no_literal_address", "map.custom_id_range", "cert.meta_missing"}
# What the prober's own troubles leave unjudged.
UNJUDGED = {"prober.offline": "tcp", "prober.udp_blocked": "stun", "prober.captive_portal": "port80", "prober.tls_intercepted": "cert",
            "admission.closed": "relay"}
BY_THEMSELVES = {"prober.proxy", "prober.descriptors"}  # tests of their own below
# Tests of the walk, of map sources and of networks over sockets; others name codes for other reasons.
OVER_SOCKETS = ("integration/diagnosis/**/*.cc", "integration/derpprobe/map_sources_test.cc", "e2e/network/faults_test.py")
BANDWIDTH = ("-bw-interval", "1m", "-bw-probe-size-bytes", "300000")
QUEUE = ("-qd-packets-per-second", "50", "-qd-once-duration", "1s", "-qd-packet-timeout", "800ms")


@dataclasses.dataclass(frozen=True)
class Row:
    switch: str
    code: str
    verdict: str = "impaired"
    args: tuple = ()
    node: dict = dataclasses.field(default_factory=dict)  # members of the map's node
    fronts: tuple = ()  # switches of all nodes, when there are several; the code is then the first one's
    verdicts: tuple = ()
    relays: str = "one"  # "two": two relays behind the front, or one behind each front
    apart: bool = False  # each node a region of its own
    web: bool = False
    trust: bool = False  # the private authority is trusted


def named(**members):
    """A node with a name, which no pin speaks for."""
    return {"HostName": NAME, "CertName": "", **members}


ROWS = [
    Row("refuses_connections", "tcp.refused", "unusable"),
    Row("is_stopped", "tcp.refused", "unusable"),
    Row("ignores_connections", "tcp.timeout", "unusable"),
    Row("is_cut_off", "node.unreachable", fronts=("is_cut_off", "none"), verdicts=("unusable", "usable"), apart=True),
    Row("speaks_ssh", "tls.not_tls", "unusable"),
    Row("resets_client_hello", "tls.reset", "unusable"),
    Row("ignores_client_hello", "tls.timeout", "unusable"),
    Row("filters_names", "tls.sni_blocked", "unusable", node={"HostName": NAME}),
    Row("filters_tls13", "tls.version_blocked", "unusable"),
    Row("knows_no_such_name", "tls.sni_refused", "unusable", node={"HostName": NAME}),
    Row("alerts_handshake_failure", "tls.alert", "unusable"),
    Row("speaks_tls12_only", "tls.version", "usable"),
    Row("shows_another_certificate", "cert.pin_mismatch", "unusable"),
    Row("none", "cert.self_signed", "unusable", node={"CertName": ""}),
    Row("none", "cert.unverified", "usable", node={"CertName": "", "InsecureForTests": True}),
    Row("sends_its_chain", "cert.pin_chain", "unusable", node={"CertName": "chain"}),
    Row("shows_a_foreign_issuer", "cert.unknown_issuer", "unusable", node=named()),
    Row("shows_a_vendor_issuer", "cert.intercepted", "unusable", node=named()),
    Row("shows_another_name", "cert.name_mismatch", "unusable", node=named(), trust=True),
    Row("has_expired", "cert.expired", "unusable", node={"CertName": "expired"}),
    Row("is_from_the_future", "cert.not_yet_valid", "unusable", node={"CertName": "future"}),
    Row("expires_soon", "cert.expiring_soon", node={"CertName": "soon"}),
    Row("expires_in_weeks", "cert.expiring", node={"CertName": "weeks"}),
    Row("none", "cert.meta_missing", "usable"),
    Row("redirects", "http.redirect", "unusable"),
    Row("has_derp_off", "http.derp_disabled", "unusable"),
    Row("drops_the_upgrade", "http.upgrade_stripped", "unusable"),
    Row("is_unavailable", "http.upgrade_refused", "unusable"),
    Row("is_a_web_server", "http.not_derp", "unusable"),
    Row("closes_on_requests", "http.closed", "unusable"),
    Row("answers_no_http", "http.malformed", "unusable"),
    Row("ignores_requests", "http.timeout", "unusable"),
    Row("spoils_the_greeting", "derp.bad_greeting", "unusable"),
    Row("keeps_the_greeting", "derp.greeting_timeout", "unusable"),
    Row("closes_before_the_greeting", "derp.greeting_closed", "unusable"),
    Row("none", "derp.several_keys", relays="two"),
    Row("closes_on_login", "admission.closed"),
    Row("closes_on_login", "derp.login_refused", "unusable", args=("-key-file", "KEY")),
    Row("keeps_the_server_info", "derp.login_timeout", "unusable"),
    Row("spoils_the_server_info", "derp.bad_server_info", "unusable"),
    Row("none", "admission.open", args=("-check-admission",)),
    Row("loses_packets", "relay.lost", "unusable"),
    Row("loses_some_packets", "relay.loss"),
    Row("changes_packets", "relay.corrupt", "unusable"),
    Row("holds_packets", "relay.slow"),
    Row("closes_on_packets", "relay.closed", "unusable"),
    Row("cuts_idle_connections", "relay.idle_cut", args=("-idle-check", "4s")),
    Row("none", "mesh.not_meshed", fronts=("none", "none"), verdicts=("impaired", "impaired"), relays="two"),
    Row("loses_mesh_packets", "mesh.one_way", fronts=("none", "loses_mesh_packets"), verdicts=("impaired", "usable")),
    Row("loses_some_mesh_packets", "mesh.loss", fronts=("none", "loses_some_mesh_packets"), verdicts=("impaired", "usable")),
    Row("learns_of_peers_late", "mesh.slow", fronts=("none", "learns_of_peers_late"), verdicts=("impaired", "usable")),
    Row("ignores_stun", "stun.no_reply"),
    Row("refuses_stun", "stun.refused"),
    Row("loses_stun", "stun.loss"),
    Row("answers_stun_from_elsewhere", "stun.foreign_source"),
    Row("spoils_stun", "stun.malformed"),
    Row("maps_to_the_other_family", "stun.mapped_family"),
    Row("maps_to_another_address", "stun.mapped_differs", fronts=("maps_to_another_address", "none", "none"),
        verdicts=("usable", "usable", "usable"), apart=True),
    Row("answers_plain_stun_only", "stun.not_derper"),
    Row("none", "stun.disabled", "usable", node={"STUNPort": -1}),
    Row("closes_port_80", "port80.closed", web=True),
    Row("serves_a_page_on_port_80", "port80.not_204", web=True),
    Row("forgets_the_challenge", "port80.no_challenge", web=True),
    Row("hides_the_latency_check", "latency.failed"),
    Row("refuses_websocket", "ws.refused"),
    Row("drops_the_sub_protocol", "ws.bad_protocol"),
    Row("cuts_large_transfers", "bandwidth.failed", args=BANDWIDTH),
    Row("holds_large_packets", "bandwidth.low", args=(*BANDWIDTH, "-bw-min", "1000000000")),
    Row("cuts_streams", "queue.failed", args=QUEUE),
    Row("holds_streams", "queue.delay", args=(*QUEUE, "-qd-max", "100ms")),
    Row("loses_of_streams", "queue.loss", args=QUEUE),
    Row("is_behind_a_portal", "prober.captive_portal", fronts=("is_behind_a_portal",) * 2, verdicts=("usable",) * 2,
        apart=True, web=True),
    Row("is_cut_off", "prober.offline", fronts=("is_cut_off",) * 2, verdicts=("unknown",) * 2, apart=True),
    Row("ignores_stun", "prober.udp_blocked", fronts=("ignores_stun",) * 2, verdicts=("usable",) * 2, apart=True),
    Row("shows_another_time", "prober.clock", fronts=("shows_another_time",) * 2, verdicts=("usable",) * 2, apart=True),
    Row("shows_a_foreign_issuer", "prober.tls_intercepted", fronts=("shows_a_foreign_issuer",) * 2,
        verdicts=("unknown",) * 2, node=named(), apart=True),
]


class FaultsTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="derp-faults-")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        cls.certificates = Certificates(cls.folder)
        cls.key = cls.folder / "known.key"
        cls.key.write_text('{"PrivateKey": "privkey:%s"}' % ("18" * 31 + "58"))
        cls.key.chmod(0o600)
        cls.relays = [cls.relay(number) for number in range(2)]

    @classmethod
    def relay(cls, number):
        """A derper in clear text: (ip, port) of its relay and of its STUN."""
        ip = f"127.0.1.{number + 1}"
        port, stun_port = free_port(socket.SOCK_STREAM, ip), free_port(socket.SOCK_DGRAM, ip)
        relay = Program([program("derper"), "-tls=off", "-a", f"{ip}:{port}", "-hostname", NAME, "-c",
                         str(cls.folder / f"relay{number}.key"), "-http-port", "-1", "-stun-port", str(stun_port), "-workers", "1"],
                        cls.folder / f"relay{number}.log")
        cls.addClassCleanup(relay.stop)
        wait_until(lambda: relay.process.poll() is None and "serving on" in relay.text(), relay.text)
        return (ip, port), (ip, stun_port)

    def fronts(self, stack, row, place):
        """The fronts of a row, each on an address of its own, and the map's regions."""
        regions, nodes = {}, []
        for number, switch in enumerate(row.fronts or (row.switch,)):
            behind = [relay for relay, _ in self.relays]
            if row.relays == "one":
                behind = behind[:1]
            elif row.fronts:
                behind = behind[number:number + 1]
            front = Front(f"127.1.{place}.{number + 1}", behind, self.relays[0][1], self.folder, switch, row.web)
            stack.callback(front.close)
            members = {**row.node}
            if members.get("CertName"):
                members["CertName"] = self.certificates.pin(members["CertName"])
            region = 900 + (number if row.apart else 0)
            nodes.append({"Name": f"{region}{'abc'[number]}", "RegionID": region, "HostName": front.ip, "IPv4": front.ip, "IPv6": "none",
                          "DERPPort": front.port, "STUNPort": front.stun_port, "CertName": self.certificates.pin("pinned"),
                          "CanPort80": row.web, **members})
            regions.setdefault(str(region), {"RegionID": region, "RegionCode": f"r{region}", "RegionName": "Lab", "Nodes": []})
            regions[str(region)]["Nodes"].append(nodes[-1])
        return regions

    def probe(self, map_source, *args, environment=(), limit=None):
        clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        done = subprocess.run([program("derpprobe"), "-once", "-spread=false", "-format", "json", "-derp-map", str(map_source), *args],
                              capture_output=True, text=True, timeout=DEADLINE * 3, env={**clean, **dict(environment)},
                              preexec_fn=limit)
        self.assertIn("{", done.stdout, done.stderr)
        return done.returncode, json.loads(done.stdout)

    def run_row(self, place, row):
        with contextlib.ExitStack() as stack:
            path = self.folder / f"map{place}.json"
            path.write_text(json.dumps({"Regions": self.fronts(stack, row, place)}))
            environment = {"SSL_CERT_FILE": self.certificates.trusted} if row.trust else {}
            return self.probe(path, *(str(self.key) if word == "KEY" else word for word in row.args), environment=environment)

    def test_every_switch_gives_exactly_its_code(self):
        rows = [row for row in ROWS if not row.web or os.environ.get("DERP_IN_NAMESPACE")]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            outcomes = list(pool.map(self.run_row, range(len(rows)), rows))
        for row, (status, document) in zip(rows, outcomes):
            with self.subTest(switch=row.switch, code=row.code):
                self.judge(row, status, document)

    def judge(self, row, status, document):
        said = "\n".join(f'{f["severity"]} {f["code"]} {f["node"]}: {f["fact"]}' for f in document["findings"])
        expected = [finding for finding in document["findings"] if finding["code"] == row.code]
        self.assertEqual(len(expected), 1, said)
        others = [f["code"] for f in document["findings"] if f is not expected[0] and not (f["severity"] == "info" and f["code"] in ALWAYS)]
        if row.node.get("InsecureForTests"):
            others.remove("map.insecure")
        self.assertEqual(others, [], said)
        self.assertEqual([node["verdict"] for node in document["nodes"]], list(row.verdicts or (row.verdict,)), said)
        error = expected[0]["severity"] == "error" or "unknown" in (row.verdicts or (row.verdict,))
        self.assertEqual(status, 1 if error else 0, said)
        for node in document["nodes"]:
            if row.code in UNJUDGED:
                stages = {each["outcome"] for each in node["stages"] if each["stage"] == UNJUDGED[row.code]}
                self.assertEqual(stages, {"skipped"}, node["stages"])
                self.assertEqual(self.outcomes(node, {"fail"}), {})
            if expected[0]["node"] == node["node"]:
                self.judge_faulty(row.code, expected[0], node)
            elif expected[0]["stage"] != "mesh" and expected[0]["node"]:
                self.assertEqual(self.outcomes(node, {"warn", "fail", "not_reached"}), {}, node["node"])

    @staticmethod
    def outcomes(node, wanted):
        return {stage["stage"]: stage["outcome"] for stage in node["stages"] if stage["outcome"] in wanted}

    def judge_faulty(self, code, finding, node):
        stage, severity = finding["stage"], finding["severity"]
        by_name = {each["stage"]: each for each in node["stages"] if each["family"] != "ipv6"}
        shown = "derp" if code == "admission.closed" else stage
        if severity != "info":
            self.assertEqual(by_name[shown]["outcome"], "fail" if severity == "error" else "warn", node)
            self.assertEqual(by_name[shown]["code"], code)
        ends = severity == "error" and stage in MAIN and code not in GOES_ON
        behind = set(MAIN[MAIN.index(stage) + 1:]) if ends else set()
        if ends and MAIN.index(stage) < MAIN.index("derp"):
            behind.update(SIDE)
        if code == "node.unreachable":
            behind.add("stun")
        for name, each in by_name.items():
            if name in behind:
                self.assertEqual((each["outcome"], each.get("after")), ("not_reached", stage), each)
            elif name not in (shown, "mesh", "stun", "bandwidth", "queue"):
                self.assertIn(each["outcome"], ("ok", "skipped"), each)
        if not finding["code"].startswith(("stun.", "node.", "tcp.refused")):
            self.assertIn(by_name["stun"]["outcome"], ("ok", "skipped"), by_name["stun"])

    def test_a_stopped_relay_is_one_finding_and_its_stun_is_not_reached(self):
        row = Row("is_stopped", "tcp.refused", "unusable")
        _, document = self.run_row(100, row)
        stages = {each["stage"]: each for each in document["nodes"][0]["stages"] if each["family"] == "ipv4"}
        self.assertEqual((stages["stun"]["outcome"], stages["stun"].get("after")), ("not_reached", "tcp"))
        _, document = self.run_row(101, Row("refuses_connections", "tcp.refused", "unusable"))
        stages = {each["stage"]: each for each in document["nodes"][0]["stages"] if each["family"] == "ipv4"}
        self.assertEqual(stages["stun"]["outcome"], "ok")

    def test_a_front_without_a_fault_gives_no_finding(self):
        for number, row in enumerate((Row("none", ""), Row("none", "", web=bool(os.environ.get("DERP_IN_NAMESPACE"))),
                                      Row("none", "", fronts=("none", "none")), Row("none", "", args=(*BANDWIDTH, *QUEUE)))):
            with self.subTest(number=number):
                status, document = self.run_row(110 + number, row)
                self.assertEqual({f["code"] for f in document["findings"]} - ALWAYS, set())
                self.assertEqual(status, 0)

    def test_a_proxy_from_the_environment_is_told_and_what_it_refuses_too(self):
        with contextlib.ExitStack() as stack:
            text = json.dumps({"Regions": self.fronts(stack, Row("none", ""), 120)})
            for switch, codes in (("none", {"prober.proxy"}), ("proxy_refuses", {"prober.proxy", "map.unreadable"})):
                with self.subTest(switch=switch):
                    proxy = Proxy(text, switch)
                    self.addCleanup(proxy.close)
                    status, document = self.probe("http://maps.example.test/derpmap",
                                                  environment={"http_proxy": f"http://127.0.0.1:{proxy.port}"})
                    self.assertEqual({f["code"] for f in document["findings"]} - ALWAYS, codes)
                    self.assertEqual(status, 1 if "map.unreadable" in codes else 0)
                    self.assertRegex(proxy.asked[0], r"^GET http://maps\.example\.test/derpmap HTTP/1\.1$")

    def test_too_few_descriptors_are_the_probers_own_trouble(self):
        row = Row("none", "prober.descriptors")
        with contextlib.ExitStack() as stack:
            path = self.folder / "descriptors.json"
            path.write_text(json.dumps({"Regions": self.fronts(stack, row, 121)}))
            status, document = self.probe(path, limit=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60)))
        self.assertEqual({f["code"] for f in document["findings"]} - ALWAYS, {row.code})
        self.assertEqual([node["verdict"] for node in document["nodes"]], ["usable"])
        self.assertEqual(status, 0)

    def test_every_switch_is_used(self):
        used = {switch for row in ROWS for switch in (row.switch, *row.fronts)} | {"proxy_refuses"}
        self.assertEqual(set(FAULTS) - used, set())

    def test_every_code_that_a_network_can_cause_is_named_by_a_test_over_sockets(self):
        catalogue = subprocess.run([program("derpprobe"), "-explain", "all"], capture_output=True, text=True, check=True).stdout
        codes = set(re.findall(r"^(?:#+ )?`?([a-z0-9]+\.[a-z0-9_]+)`?(?=\s|$)", catalogue, re.M))
        self.assertGreater(len(codes), 90)
        self.assertIn("relay.lost", codes)
        # What a map says is told by -lint; only its way here is the network's.
        caused = {code for code in codes if not code.startswith("map.")} | {"map.unreadable", "map.stale"}
        root = pathlib.Path(__file__).resolve().parents[2]
        text = "\n".join(path.read_text() for pattern in OVER_SOCKETS for path in sorted(root.glob(pattern)))
        told = set(re.findall(r'"([a-z0-9]+\.[a-z0-9_]+)"', text)) | {row.code for row in ROWS} | BY_THEMSELVES
        self.assertEqual(caused - told, set())


def enter():
    """Goes on inside a user and network namespace, where port 80 is free, if the system gives one."""
    if os.environ.get("DERP_IN_NAMESPACE") or not shutil.which("unshare") or not shutil.which("ip"):
        return
    if subprocess.run(["unshare", "-Urn", "ip", "link", "set", "lo", "up"], capture_output=True).returncode == 0:
        os.environ["DERP_IN_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-Urn", "--fork", "--kill-child", "sh", "-c", 'ip link set lo up && exec "$0" "$@"',
                              sys.executable, *sys.argv])


if __name__ == "__main__":
    if not shutil.which("openssl"):
        print("skipped: openssl is not installed")
        sys.exit(77)
    enter()
    unittest.main(verbosity=2)
