"""A real Prometheus scrapes the service and its relays with the shipped configuration and rules."""
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
sys.path.insert(0, str(ROOT / "tests/e2e/derpprobe"))
from metric_texts import families, named_metrics  # noqa: E402
from programs import Program, Region, free_port, http_get, wait_until  # noqa: E402
from service_test import Service  # noqa: E402


class Prometheus(Program):
    """Prometheus with the shipped files, its intervals shortened, looking at one derpprobe and at relays by TLS."""

    def __init__(self, folder, target, relays):
        self.port = free_port(socket.SOCK_STREAM, "127.0.0.1")
        shipped = (ROOT / "deploy/prometheus/prometheus.yml").read_text()
        changed = shipped.replace("scrape_interval: 15s", "scrape_interval: 1s").replace("localhost:8030", target)
        assert changed.count("interval: 1s") == 2 and target in changed
        by_tls = "  - job_name: derper\n    scheme: https\n    tls_config: {insecure_skip_verify: true}\n"
        changed = changed.replace("  - job_name: derper\n", by_tls).replace('"localhost:8031"', ", ".join(f'"{relay}"' for relay in relays))
        assert by_tls in changed and relays[-1] in changed
        (folder / "prometheus.yml").write_text("global: {evaluation_interval: 1s}\n" + changed)
        for name in ("derpprobe.rules.yml", "derper.rules.yml"):
            rules = (ROOT / "deploy/prometheus" / name).read_text()
            (folder / name).write_text(re.sub(r"\n        for: \w+", "\n        for: 1s", rules))
        super().__init__(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                          f"--web.listen-address=127.0.0.1:{self.port}"], folder / "prometheus.log")

    def get(self, path):
        try:
            status, _, body = http_get(f"http://127.0.0.1:{self.port}{path}")
        except OSError:
            return None
        return json.loads(body)["data"] if status == 200 else None

    def query(self, expression):
        """label sets and values that the expression has now."""
        data = self.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        return [(row["metric"], float(row["value"][1])) for row in data["result"]] if data else []

    def firing(self):
        data = self.get("/api/v1/alerts")
        return {alert["labels"]["alertname"] for alert in data["alerts"] if alert["state"] == "firing"} if data else set()


class PrometheusTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.region = cls.enterClassContext(Region()) if hasattr(cls, "enterClassContext") else Region().__enter__()
        cls.addClassCleanup(cls.region.__exit__, None, None, None)
        # Starts are told in whole seconds and scraped once a second: five intervals have to be longer than both.
        cls.service = Service(cls.region, "-bw-interval=2s", "-bw-probe-size-bytes=100000",
                              "-qd-packets-per-second=10", interval="1s")
        cls.region.callback(cls.service.stop)
        cls.service.wait_page("All 2 nodes usable")
        cls.prometheus = Prometheus(cls.region.folder, f"127.0.0.1:{cls.service.port}",
                                    [f"{relay.ip}:{relay.port}" for relay in cls.region.relays])
        cls.region.callback(cls.prometheus.stop)
        wait_until(lambda: cls.prometheus.query('up{job="derpprobe"} == 1'), lambda: f"a scrape: {cls.prometheus.text()}")
        wait_until(lambda: len(cls.prometheus.query('up{job="derper"} == 1')) == 2, lambda: f"the relays: {cls.prometheus.text()}")

    def test_1_every_metric_of_rules_and_dashboard_is_in_a_live_scrape(self):
        named = set()
        for path in ("deploy/prometheus/derpprobe.rules.yml", "deploy/grafana/derpprobe.json"):
            named |= named_metrics((ROOT / path).read_text())
        # Findings are there while they stand; the next test makes one.
        named.discard("derpprobe_finding")

        def missing():
            return named - set(families(self.service.get("/metrics")[2]))
        wait_until(lambda: not missing(), lambda: f"metrics that are named in deploy/: {missing()}")

    def test_2_a_healthy_region_raises_no_alert_and_a_dead_relay_the_right_ones(self):
        query = self.prometheus.query
        wait_until(lambda: len(query("derpprobe_node_usable == 1")) == 2, "both nodes in Prometheus")
        wait_until(lambda: query("derpprobe:availability:ratio_rate5m"), "the recordings")
        wait_until(lambda: len(query("derper:worker_busy:ratio_rate5m")) == 4, "the relays' recordings")
        # A relay learns within a second or two that one of the hosts it shall mesh with is itself.
        wait_until(lambda: len(query("derper_mesh_link_up == 1")) == 2 and not query("derper_mesh_link_up == 0"), "the mesh")
        wait_until(lambda: not self.prometheus.firing(), lambda: f"silence: {self.prometheus.firing()}")

        self.region.relays[1].stop()
        wait_until(lambda: {"DerpNodeDown", "DerperGone", "DerperMeshLinkDown"} <= self.prometheus.firing(), "the alerts")
        down = query("derpprobe_node_usable == 0")
        self.assertEqual([labels["node"] for labels, _ in down], ["900b"])
        self.assertTrue(query('derpprobe_finding{code="tcp.refused",node="900b"} == 1'))
        self.assertFalse(self.prometheus.firing() & {"DerpRegionDown", "DerpprobeCutOff", "DerpMeshBroken", "DerpStunFailing"})


if __name__ == "__main__":
    if not shutil.which("prometheus"):
        print("skipped: Prometheus is not installed (Debian package prometheus)")
        sys.exit(77)
    unittest.main(verbosity=2)
