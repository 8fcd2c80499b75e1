"""derpprobe as a service over a region that really runs: page, metrics, access rule, reaction to faults."""
import json
import pathlib
import re
import signal
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import Program, Region, free_port, http_get, program, wait_until  # noqa: E402


class Service(Program):
    def __init__(self, region, *extra, interval="300ms"):
        self.port = free_port(socket.SOCK_STREAM, "127.0.0.1")
        super().__init__([program("derpprobe"), "-listen", f"127.0.0.1:{self.port}", "-spread=false", "-interval", interval,
                          "-tls-interval", interval, "-stun-interval", interval, "-mesh-interval", interval, "-derp-map",
                          f"file://{region.map}", "-mesh-psk-file", str(region.folder / "mesh.key"), *extra],
                         region.folder / "derpprobe.log")
        wait_until(self.is_up, lambda: f"the service: {self.text()}")

    def is_up(self):
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def get(self, path):
        return http_get(f"http://127.0.0.1:{self.port}{path}")

    def wait_page(self, *words):
        def shows():
            body = self.get("/")[2]
            return body if all(word in body for word in words) else None
        return wait_until(shows, lambda: f"{words} on the page: {self.text()}")


class ServiceTest(unittest.TestCase):
    def test_a_healthy_region_shows_as_usable_on_page_and_metrics(self):
        with Region() as region:
            service = Service(region)
            region.callback(service.stop)
            page = service.wait_page("All 2 nodes usable", "2 of 2 mesh directions")
            self.assertIn("<title>✓ 2 usable", page)
            self.assertNotIn("<script", page)
            self.assertNotRegex(page, r'(src|href)="https?://')
            status, headers, metrics = service.get("/metrics")
            self.assertEqual(status, 200)
            self.assertIn("version=0.0.4", headers["Content-Type"])
            for name in ("derp/lab/900a/tls", "derp/lab/900b/udp", "derp/lab/900a/900b/mesh", "derp/lab/900b/900b/mesh",
                         "derpmap-probe"):
                self.assertRegex(metrics, rf'(?m)^derpprobe_result\{{[^}}]*name="{name}"[^}}]*\}} 1$')
            self.assertRegex(metrics, r'(?m)^derpprobe_node_usable\{.*node="900a".*\} 1$')
            self.assertRegex(metrics, r'(?m)^derpprobe_stage_result\{.*stage="relay".*\} 1$')
            self.assertEqual(service.get("/debug/varz")[0], 200)
            self.assertEqual(service.stop(), 0)

    def test_a_stopped_relay_turns_the_page_red_and_names_the_stage(self):
        with Region() as region:
            service = Service(region)
            region.callback(service.stop)
            service.wait_page("All 2 nodes usable")
            region.relays[1].stop()
            page = service.wait_page("1 of 2 nodes unusable", "tcp.refused")
            self.assertIn("<title>✕ 1 unusable", page)
            self.assertIn("tcp.refused began", page)
            metrics = service.get("/metrics")[2]
            self.assertRegex(metrics, r'(?m)^derpprobe_finding\{.*code="tcp.refused".*\} 1$')
            for name in ("900b/tls", "900b/udp", "900b/900b/mesh", "900a/900b/mesh", "900b/900a/mesh"):
                self.assertRegex(metrics, rf'(?m)^derpprobe_result\{{.*name="derp/lab/{name}".*\}} 0$')
            self.assertRegex(metrics, r'(?m)^derpprobe_result\{.*name="derp/lab/900a/900a/mesh".*\} 1$')

    def test_a_node_that_changes_its_pin_in_the_map_is_measured_anew(self):
        with Region() as region:
            service = Service(region)
            region.callback(service.stop)
            service.wait_page("All 2 nodes usable")
            text = json.loads(region.map.read_text())
            text["Regions"]["900"]["Nodes"][1]["CertName"] = "sha256-raw:" + "ab" * 32
            region.map.write_text(json.dumps(text))
            service.wait_page("cert.pin_mismatch")

    def test_without_a_map_the_page_says_why_and_the_first_good_map_is_taken(self):
        with Region() as region:
            text = region.map.read_text()
            region.map.unlink()
            service = Service(region)
            region.callback(service.stop)
            page = service.wait_page("map.unreadable", "no such file or directory")
            self.assertIn("<title>? no nodes", page)
            region.map.write_text(text)
            self.assertNotIn("map.unreadable began", service.wait_page("All 2 nodes usable").split("Last changes")[0])

    def test_sighup_reads_the_map_again_at_once(self):
        with Region() as region:
            service = Service(region, "-interval", "1h")
            region.callback(service.stop)
            service.wait_page("All 2 nodes usable")
            region.write_map([region.relays[0].node("900a")])
            service.process.send_signal(signal.SIGHUP)
            service.wait_page("The node is usable")

    def test_a_broken_map_keeps_the_one_before(self):
        with Region() as region:
            service = Service(region)
            region.callback(service.stop)
            service.wait_page("All 2 nodes usable")
            region.map.write_text("{not json")
            page = service.wait_page("map not refreshed")
            self.assertIn("All 2 nodes usable", page)

    def test_a_filter_that_matches_no_region_is_a_map_failure(self):
        with Region() as region:
            nothing = Service(region, "-region-code", "fra")
            region.callback(nothing.stop)
            nothing.wait_page("map not refreshed", "-region-code fra: no such region in the map")
            self.assertIn("-region-code fra: no such region in the map", nothing.text())
            nothing.stop()
            service = Service(region, "-region-code", "lab")
            region.callback(service.stop)
            service.wait_page("All 2 nodes usable")
            region.map.write_text(region.map.read_text().replace('"lab"', '"den"'))
            self.assertIn("All 2 nodes usable", service.wait_page("map not refreshed", "-region-code lab"))

    def test_debug_and_metrics_follow_the_access_rule_and_the_page_is_open(self):
        with Region() as region:
            service = Service(region)
            region.callback(service.stop)
            service.wait_page("All 2 nodes usable")
            request = "GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
            for path, status in (("/", 200), ("/healthz", 200), ("/explain/tcp.refused", 200), ("/metrics", 403),
                                 ("/debug/varz", 403), ("/debug/", 403)):
                with socket.create_connection(("127.0.0.1", service.port), 5) as connection:
                    connection.sendall(request.format(path).encode())
                    answer = connection.makefile("rb").readline().decode()
                    self.assertRegex(answer, rf"^HTTP/1.1 {status} ", path)
            run = service.get("/debug/probe-run?name=derp/lab/900a/tls")
            self.assertEqual(run[0], 200)
            self.assertTrue(re.match(r"Probe succeeded in ", run[2]), run[2])
            self.assertEqual(service.get("/debug/probe-run?name=nope")[0], 404)
            self.assertEqual(service.get("/debug/probe-run")[0], 400)


if __name__ == "__main__":
    unittest.main(verbosity=2)
