"""Bandwidth, bandwidth over TUN and queuing delay over a region that really runs."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from programs import Region, wait_until  # noqa: E402
from service_test import Service  # noqa: E402

PAIRS = [f"derp/lab/{source}/{target}" for source in ("900a", "900b") for target in ("900a", "900b")]


def good(stderr):
    return re.findall(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d good: ([^:]+): \S+$", stderr, re.M)


def namespace_refused():
    """Why a network namespace with a TUN device cannot be had; empty: it can."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        return "unshare or ip is not installed"
    done = subprocess.run(["unshare", "-Urn", "sh", "-c", "ip link set lo up && ip tuntap add dev derptest mode tun"],
                          capture_output=True, text=True)
    return done.stderr.strip() or "refused" if done.returncode else ""


def in_namespace():
    """The test's part that runs inside the namespace."""
    with Region() as region:
        done = region.probe("-bw-interval", "20s", "-bw-probe-size-bytes", "200000", "-bw-tun-ipv4-addr", "10.83.7.1")
        print(done.stdout, done.stderr, sep="\n")
        return done.returncode


class PairsTest(unittest.TestCase):
    def test_once_measures_bandwidth_and_queuing_delay_of_every_pair_and_ends(self):
        with Region() as region:
            done = region.probe("-bw-interval", "1m", "-qd-packets-per-second", "20", "-qd-once-duration", "1s")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("adding DERP bandwidth probe for 900a->900b (Lab) 1000000 bytes every 1m0s", done.stderr)
            self.assertIn("adding DERP queuing delay probe for 900b->900b (Lab)", done.stderr)
            names = good(done.stderr)
            for pair in PAIRS:
                self.assertIn(f"{pair}/bw", names)
                self.assertIn(f"{pair}/qd", names)
            self.assertNotIn("bad: ", done.stderr)

    def test_a_stopped_relay_fails_its_pairs_without_a_second_error(self):
        with Region() as region:
            region.relays[1].stop()
            done = region.probe("-bw-interval", "1m", "-qd-packets-per-second", "20", "-qd-once-duration", "500ms")
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertEqual(done.stdout.count("error["), 1, done.stdout)
            self.assertIn("derp/lab/900a/900a/bw", good(done.stderr))
            for pair in PAIRS[1:]:
                self.assertRegex(done.stderr, rf"(?m)^.* bad: {pair}/bw: 900b: tcp.refused: ")
                self.assertRegex(done.stderr, rf"(?m)^.* bad: {pair}/qd: 900b: tcp.refused: ")

    def test_a_rate_below_the_wanted_one_warns(self):
        with Region() as region:
            done = region.probe("-bw-interval", "1m", "-bw-min", "1000000000000")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("warning[bandwidth.low]", done.stdout)

    def test_a_tun_address_that_is_none_is_refused_at_start(self):
        with Region() as region:
            done = region.probe("-bw-interval", "1m", "-bw-tun-ipv4-addr", "fe80::1")
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            self.assertIn("-bw-tun-ipv4-addr", done.stderr)

    @unittest.skipIf(namespace_refused(), f"no namespace with a TUN device: {namespace_refused()}")
    def test_bandwidth_over_tun_in_a_namespace_of_its_own(self):
        done = subprocess.run(["unshare", "-Urn", "sh", "-c", 'ip link set lo up && exec "$0" "$@"', sys.executable,
                               __file__, "in-namespace"], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("adding (TUN) DERP bandwidth probe for 900a->900b (Lab) 200000 bytes every 20s", done.stdout)
        for pair in PAIRS:
            self.assertIn(f"{pair}/bw", good(done.stdout))

    def test_the_service_keeps_the_metrics_of_both_classes(self):
        with Region() as region:
            service = Service(region, "-bw-interval", "500ms", "-bw-probe-size-bytes", "100000",
                              "-qd-packets-per-second", "50")
            region.callback(service.stop)

            def measured():
                text = service.get("/metrics")[2]
                done = all(re.search(rf'(?m)^derpprobe_derp_bw_bytes_total\{{[^}}]*name="{pair}/bw"[^}}]*\}} [1-9]', text) and
                           re.search(rf'(?m)^derpprobe_derp_qd_probe_delays_seconds_count\{{[^}}]*name="{pair}/qd"[^}}]*\}} [1-9]', text)
                           for pair in PAIRS)
                return text if done else None
            text = wait_until(measured, "both classes of all pairs")
            qd = 'name="derp/lab/900a/900b/qd"'
            for bound in ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "+Inf"):
                self.assertRegex(text, rf'(?m)^derpprobe_derp_qd_probe_delays_seconds_bucket\{{[^}}]*{qd}[^}}]*le="{re.escape(bound)}"')
            self.assertRegex(text, rf"(?m)^derpprobe_result\{{[^}}]*{qd}[^}}]*\}} 1$")
            self.assertRegex(text, rf"(?m)^derpprobe_interval_secs\{{[^}}]*{qd}[^}}]*\}} -10$")
            self.assertNotRegex(text, rf"(?m)^derpprobe_end_secs\{{[^}}]*{qd}")
            self.assertRegex(text, r'(?m)^derpprobe_derp_bw_probe_size_bytes\{.*tcp_in_tcp="false".*\} 100000$')
            status, _, body = service.get("/debug/probe-run?name=derp/lab/900a/900b/bw")
            self.assertEqual(status, 200, body)
            self.assertEqual(service.get("/debug/probe-run?name=derp/lab/900a/900b/qd")[0], 404)
            region.relays[1].stop()
            wait_until(lambda: re.search(rf"(?m)^derpprobe_result\{{[^}}]*{qd}[^}}]*\}} 0$", service.get("/metrics")[2]),
                       "a failed stream")
            self.assertRegex(service.text(), r"probe derp/lab/900a/900b/qd: ")
            self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    if sys.argv[1:] == ["in-namespace"]:
        os.environ["DERP_E2E_DEADLINE"] = os.environ.get("DERP_E2E_DEADLINE", "30")
        sys.exit(in_namespace())
    unittest.main(verbosity=2)
