"""derpprobe's HTTP surface: status codes, access and origin rules, JSON, probes on demand."""
import json
import pathlib
import re
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import schemas  # noqa: E402
from programs import Region, Relay, free_port, wait_until  # noqa: E402
from service_test import Service  # noqa: E402

OPEN = ("/", "/healthz", "/readyz", "/explain/tcp.refused", "/any/other/path")
RESTRICTED = ("/metrics", "/status.json", "/debug/", "/debug/varz", "/debug/vars", "/debug/probe-run?name=x",
              "/debug/probe-all", "/probe?target=x", "/-/reload", "/debug/nothing")
ACTIONS = ("/debug/probe-run?name=derpmap-probe", "/debug/probe-all", "/probe?target=900a", "/-/reload")


def ask(service, path, method="GET", **headers):
    """(status, headers in lower case, body) of a raw request; header names with _ for -."""
    fields = {"Host": f"127.0.0.1:{service.port}", "Connection": "close",
              **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with socket.create_connection(("127.0.0.1", service.port), 60) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
        answer = connection.makefile("rb").read().decode()
    top, _, body = answer.partition("\r\n\r\n")
    lines = top.split("\r\n")
    return (int(lines[0].split()[1]),
            {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}, body)


class EndpointsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.region = Region().__enter__()
        cls.addClassCleanup(cls.region.__exit__, None, None, None)
        cls.outsider_port = free_port(socket.SOCK_STREAM, "127.0.0.3")
        cls.stun_port = free_port(socket.SOCK_DGRAM, "127.0.0.3")
        outsider = Relay(cls.region.folder, "127.0.0.3", cls.outsider_port, cls.stun_port)
        cls.addClassCleanup(outsider.stop)
        outsider.pin()
        cls.service = Service(cls.region, "-probe-allow", f"127.0.0.3:{cls.outsider_port}", "-probe-allow",
                              f"127.0.0.3:{cls.stun_port}", "-probe-allow", f"localhost:{cls.outsider_port}")
        cls.addClassCleanup(cls.service.stop)
        cls.service.wait_page("All 2 nodes usable")

    def ask(self, path, method="GET", **headers):
        return ask(self.service, path, method, **headers)

    def test_open_pages_are_open_and_the_rest_follows_the_debug_rule(self):
        for path in OPEN:
            self.assertEqual(self.ask(path, X_Forwarded_For="192.0.2.1")[0], 200, path)
        for path in RESTRICTED:
            self.assertEqual(self.ask(path, X_Forwarded_For="192.0.2.1")[0], 403, path)

    def test_what_runs_something_refuses_other_sites(self):
        for path in ACTIONS:
            method = "POST" if path == "/-/reload" else "GET"
            for headers in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"},
                            {"Host": "evil.example"}):
                status, _, body = self.ask(path, method, **headers)
                self.assertEqual((status, body), (403, "requests from other sites run nothing here\n"), (path, headers))

    def test_methods(self):
        self.assertEqual(self.ask("/-/reload")[0], 405)
        self.assertEqual(self.ask("/-/reload", "POST", Content_Length="0")[0], 200)
        self.assertEqual(self.ask("/", "POST", Content_Length="0")[0], 200)
        status, headers, body = self.ask("/status.json", "HEAD")
        self.assertEqual((status, body), (200, ""))
        self.assertEqual(headers["content-type"], "application/json")

    def test_the_page_forbids_scripts_and_debug_pages_carry_their_headers(self):
        policy = self.ask("/")[1]["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("script", policy)
        headers = self.ask("/debug/")[1]
        self.assertEqual(headers["x-frame-options"], "DENY")
        self.assertIn("max-age=63072000", headers["strict-transport-security"])

    def test_the_state_as_json_fits_its_schema(self):
        status, headers, body = self.ask("/status.json")
        self.assertEqual((status, headers["content-type"]), (200, "application/json"))
        document = schemas.check("derpprobe.status.json", body)
        self.assertEqual([node["verdict"] for node in document["nodes"]], ["usable", "usable"])

    def test_variables_are_json(self):
        document = json.loads(self.ask("/debug/vars")[2])
        self.assertEqual(document["derpprobe_map_nodes"], 2)
        self.assertEqual(document["derpprobe_node_usable"]["node=900a,region=lab,region_id=900"], 1)

    def test_one_probe_as_the_reference_answers_it(self):
        path = "/debug/probe-run?name=derp/lab/900a/tls"
        status, headers, body = self.ask(path, Accept="application/json")
        self.assertEqual((status, headers["content-type"]), (200, "application/json"))
        document = json.loads(body)
        self.assertEqual(list(document), ["ProbeInfo", "PreviousSuccessRatio", "PreviousMedianLatency"])
        self.assertEqual(list(document["ProbeInfo"]), ["Name", "Class", "Interval", "Labels", "Start", "End", "Latency",
                                                       "Status", "Error", "RecentResults", "RecentLatencies"])
        self.assertEqual(document["ProbeInfo"]["Interval"], 300_000_000)
        self.assertEqual(document["ProbeInfo"]["Status"], "succeeded")
        self.assertRegex(self.ask(path)[2], r"^Probe succeeded in \S+\nLast \d+ probes \(including this one\): success rate ")
        self.assertEqual(self.ask("/debug/probe-run?name=nope")[::2], (404, 'unknown probe "nope"\n'))
        self.assertEqual(self.ask("/debug/probe-run")[::2], (400, "missing name parameter\n"))

    def test_all_probes_but_those_excluded(self):
        status, _, body = self.ask("/debug/probe-all?exclude=derpmap-probe&exclude=derp/lab/900a/tls")
        self.assertEqual(status, 200)
        results = json.loads(body)["Results"]
        self.assertEqual(list(results), sorted(results))
        self.assertEqual(set(results), {"derp/lab/900b/tls", "derp/lab/900a/udp", "derp/lab/900b/udp",
                                        *(f"derp/lab/{a}/{b}/mesh" for a in ("900a", "900b") for b in ("900a", "900b"))})

    def test_a_node_of_the_map_as_a_target(self):
        for module, stage in (("derp", "relay"), ("tls", "cert"), ("stun", "stun"), ("mesh", "mesh"), ("", "stun")):
            status, headers, body = self.ask(f"/probe?target=900b&module={module}",
                                             X_Prometheus_Scrape_Timeout_Seconds="8")
            self.assertEqual(status, 200, body)
            self.assertIn("version=0.0.4", headers["content-type"])
            self.assertRegex(body, r"(?m)^probe_success 1$", module)
            self.assertRegex(body, rf'(?m)^probe_stage_result\{{family="\w*",stage="{stage}"\}} 1$')
        self.assertNotIn("cert", self.ask("/probe?target=900b&module=stun")[2])
        self.assertRegex(self.ask("/probe?target=900b")[2], r"(?m)^probe_ssl_earliest_cert_expiry [1-9]\d+$")

    def test_targets_outside_the_map(self):
        status, _, body = self.ask(f"/probe?target=127.0.0.3:{self.outsider_port}&module=tls&debug=true")
        self.assertEqual(status, 200)
        self.assertRegex(body, r"(?m)^probe_success 0$")
        self.assertIn("# cert ipv4: fail", body)
        self.assertIn('code="cert.self_signed"', body)
        self.assertRegex(self.ask(f"/probe?target=127.0.0.3:{self.stun_port}&module=stun")[2], r"(?m)^probe_success 1$")
        for target, why in ((f"127.0.0.3:{self.outsider_port + 1}", "-probe-allow does not name it"),
                            ("127.0.0.3", "-probe-allow does not name it"),
                            (f"localhost:{self.outsider_port}", "which -probe-allow does not name")):
            status, _, body = self.ask(f"/probe?target={target}")
            self.assertEqual(status, 403, target)
            self.assertIn(why, body)
        self.assertEqual(self.ask("/probe")[0], 400)
        self.assertEqual(self.ask("/probe?target=900a&module=http_2xx")[0], 400)

    def test_the_debug_key_is_never_logged(self):
        self.ask("/debug/probe-run?name=x&debugkey=sesame")
        # A request is logged when it is answered: the answer may be here first.
        wait_until(lambda: r'"method":"GET","request_uri":"/debug/probe-run?name=x\u0026debugkey=***"' in self.service.text(),
                   self.service.text)
        self.assertNotIn("sesame", self.service.text())

    def test_pages_and_runs_are_logged_as_the_reference_logs_them(self):
        self.ask("/nowhere?logged=1")
        self.ask("/metrics?logged=1")
        self.ask("/debug/probe-run?name=logged")

        def logged():
            return [json.loads(line.split(" ", 2)[2]) for line in self.service.text().splitlines()
                    if '"request_uri"' in line and "logged" in line and line.endswith("}")]
        wait_until(lambda: len(logged()) >= 2, self.service.text)
        lines = logged()
        self.assertEqual([line["request_uri"] for line in lines], ["/nowhere?logged=1", "/debug/probe-run?name=logged"])
        self.assertEqual([line["code"] for line in lines], [200, 404])
        self.assertEqual(lines[1]["err"], 'unknown probe "logged"')
        self.assertEqual(list(lines[0])[:6], ["time", "duration", "remote_addr", "proto", "host", "method"])


class ReadinessTest(unittest.TestCase):
    def test_not_ready_without_a_map_then_ready_and_a_failing_probe_is_424(self):
        with Region() as region:
            text = region.map.read_text()
            region.map.unlink()
            service = Service(region)
            region.callback(service.stop)
            self.assertEqual(service.get("/healthz")[0], 200)
            status, _, body = service.get("/readyz")
            self.assertEqual(status, 503)
            self.assertIn("no DERP map read yet", body)
            region.map.write_text(text)
            wait_until(lambda: service.get("/readyz")[0] == 200, lambda: f"readiness: {service.text()}")
            region.relays[1].stop()
            status, _, body = ask(service, "/debug/probe-run?name=derp/lab/900b/tls", Accept="application/json")
            self.assertEqual(status, 424)
            self.assertEqual(json.loads(body)["ProbeInfo"]["Status"], "failed")
            status, _, body = ask(service, "/debug/probe-all")
            self.assertEqual(status, 424)
            self.assertEqual(json.loads(body)["Results"]["derp/lab/900a/tls"]["ProbeInfo"]["Status"], "succeeded")
            self.assertTrue(re.search(r"(?m)^probe_success 0$", ask(service, "/probe?target=900b")[2]))
            region.map.write_text("{broken")
            status, _, body = ask(service, "/-/reload", "POST", Content_Length="0")
            self.assertEqual(status, 500)
            self.assertIn("reload refused", body)


if __name__ == "__main__":
    unittest.main(verbosity=2)
