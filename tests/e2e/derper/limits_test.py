"""derper's limits as an operator sets them: the rate file and its reload, quotas over a restart, PROXY heads,
accepted connections."""
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from programs import DEADLINE, Program, Relay, free_port, http_get, program, wait_until  # noqa: E402
from proxy_front import ProxyFront, head_v1, head_v2  # noqa: E402

CLIENT = ("192.0.2.7", 56789)


class LimitsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="derp-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.rates = self.folder / "rates.json"
        self.port = free_port(socket.SOCK_STREAM, "127.0.0.1")
        self.stun_port = free_port(socket.SOCK_DGRAM, "127.0.0.1")

    def start(self, *extra, rates=None):
        if rates is not None:
            self.rates.write_text(json.dumps(rates))
            extra = ("-rate-config", str(self.rates), *extra)
        relay = Relay(self.folder, "127.0.0.1", self.port, self.stun_port, extra=extra)
        self.addCleanup(relay.stop)
        wait_until(lambda: relay.alive() and "derper: serving on" in relay.text(), "the relay")
        return relay

    def metric(self, relay, name):
        found = re.search(rf"^{re.escape(name)} (\S+)$", relay.varz(), re.M)
        return float(found.group(1)) if found else None

    def begin_transfer(self, relay, size, **node):
        """derpprobe's bandwidth measurement: from one key to another through the relay."""
        (self.folder / "map.json").write_text(json.dumps({"Regions": {"900": {
            "RegionID": 900, "RegionCode": "lab", "RegionName": "Lab",
            "Nodes": [relay.node("900a", **node), relay.node("900b", **node)]}}}))
        prober = Program([program("derpprobe"), "-once", "-derp-map", f"file://{self.folder}/map.json",
                          "-bw-interval", "1h", "-bw-probe-size-bytes", str(size)], self.folder / "prober.log")
        self.addCleanup(prober.stop)
        return prober

    def transfer(self, relay, size, **node):
        prober = self.begin_transfer(relay, size, **node)
        prober.process.wait(DEADLINE * 3)
        return prober.text()

    def hang_up(self, relay, text):
        relay.process.send_signal(signal.SIGHUP)
        wait_until(lambda: relay.alive() and text in relay.text(), lambda: f"{text}: {relay.text()}")

    def test_a_rate_is_kept_and_changed_by_a_hang_up(self):
        relay = self.start(rates={"PerClientRateLimitBytesPerSec": 1000000, "perclientrateburstbytes": 1})
        self.assertIn("rate config applied: client-rate=1000000 bytes/sec, client-burst=65568 bytes", relay.text())
        self.assertEqual(self.metric(relay, "derp_rate_limit_per_client_bytes_per_second"), 1000000)
        self.assertEqual(self.metric(relay, "derp_rate_limit_per_client_burst_bytes"), 65568)
        self.assertEqual(self.metric(relay, "derp_rate_limit_per_client_waited"), 0)
        self.transfer(relay, 500000)
        self.assertGreater(self.metric(relay, "derp_rate_limit_per_client_waited"), 0)
        self.assertRegex(relay.text(), r"limits: a client is paused key=\[.{5}\] by=own-rate wait=")

        self.rates.write_text('{"PerClientRateLimitBytesPerSec": "fast"}')
        self.hang_up(relay, f"derper: rate config reload failed: {self.rates}: PerClientRateLimitBytesPerSec: "
                            '"fast" is not a whole number')
        self.assertIn(f"derper: received SIGHUP, reloading rate config from {self.rates}", relay.text())
        self.assertEqual(self.metric(relay, "derp_rate_limit_per_client_bytes_per_second"), 1000000)

        self.rates.write_text("{}")
        self.hang_up(relay, "derper: rate config reloaded successfully")
        self.assertEqual(self.metric(relay, "derp_rate_limit_per_client_bytes_per_second"), 0)
        self.assertEqual(self.metric(relay, "derp_rate_limit_per_client_burst_bytes"), 0)

    def test_a_first_file_that_is_wrong_is_fatal(self):
        for text, why in [("{", "not JSON"), ('{"DailyQuotaBytes": -1}', "DailyQuotaBytes: -1 is not a whole number"),
                          (None, "no such file or directory")]:
            with self.subTest(text=text):
                self.rates.unlink(missing_ok=True)
                if text:
                    self.rates.write_text(text)
                done = Program([program("derper"), "-a", "127.0.0.1:0", "-tls=off", "-stun=false", "-c",
                                str(self.folder / "key"), "-rate-config", str(self.rates)], self.folder / "log")
                self.assertEqual(done.process.wait(DEADLINE), 1)
                self.assertRegex(done.text(), f"derper: loading rate config: .*{re.escape(str(self.rates))}.*{why}")
                done.stop()

    def test_without_the_flag_there_are_no_such_metrics(self):
        varz = self.start().varz()
        self.assertNotIn("derp_rate_limit", varz)
        self.assertNotIn("derper_quota", varz)

    def test_a_quota_outlives_a_restart_and_a_damaged_file_is_set_aside(self):
        state = self.folder / "state"
        relay = self.start("-state-dir", str(state), rates={"DailyQuotaBytes": 100000})
        prober = self.begin_transfer(relay, 300000)  # which waits for what is dropped
        wait_until(lambda: self.metric(relay, 'derper_quota_dropped_packets{kind="other"}'), "a dropped packet")
        self.assertGreater(self.metric(relay, "derper_quota_exhausted_keys"), 0)
        prober.stop(signal.SIGKILL)
        wait_until(lambda: "limits: the day's quota is used up" in relay.text(), relay.text)
        self.assertEqual(relay.stop(), 0)
        kept = (state / "daily-quotas").read_text()
        rows = re.findall(r"^nodekey:[0-9a-f]{64} (\d+)$", kept, re.M)
        self.assertTrue(rows and max(map(int, rows)) > 50000, kept)
        self.assertLessEqual(max(map(int, rows)), 100000)
        self.assertEqual((state / "daily-quotas").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.start("-state-dir", str(state), rates={"DailyQuotaBytes": 100000}).stop(), 0)
        self.assertEqual(sorted((state / "daily-quotas").read_text().split("\n")), sorted(kept.split("\n")))
        (state / "daily-quotas").write_text(kept[:-8])
        self.start("-state-dir", str(state), rates={"DailyQuotaBytes": 100000})
        log = (self.folder / "127.0.0.1.log").read_text()
        self.assertIn(f"derper: daily quotas begin at 0: {state}/daily-quotas: line ", log)
        self.assertEqual((state / "daily-quotas.damaged").read_text(), kept[:-8])

    def test_a_proxy_names_the_client(self):
        os.environ["TS_DEBUG_TRUSTED_CIDRS"] = "192.0.2.0/24"
        self.addCleanup(os.environ.pop, "TS_DEBUG_TRUSTED_CIDRS")
        relay = self.start("-proxy-protocol-from", "127.0.0.1,198.51.100.0/24")
        target = ("198.51.100.2", 443)
        for head in (head_v1(CLIENT, target), head_v2(CLIENT, target), head_v2(CLIENT, target, b"\x04\x00\x01x")):
            with self.subTest(head=head), ProxyFront(self.port, head) as front:
                status, _, text = http_get(f"https://127.0.0.1:{front.port}/debug/varz")
                self.assertEqual(status, 200)
                self.assertIn("derper_proxy_head_errors 0\n", text)
        for address in ("203.0.113.9", "127.0.0.1", "100.64.0.1"):  # the latter would do without a proxy
            for head in (head_v1((address, 1), target), head_v2((address, 1), target)):
                with self.subTest(head=head), ProxyFront(self.port, head) as front:
                    self.assertEqual(http_get(f"https://127.0.0.1:{front.port}/debug/varz")[0], 403)
        with ProxyFront(self.port, head_v2(CLIENT, target)) as front:
            self.assertIn("900a", self.transfer(relay, 100000, DERPPort=front.port))
            with self.assertRaises((ssl.SSLError, OSError)):
                ssl.get_server_certificate(("127.0.0.1", self.port), timeout=DEADLINE)
            text = http_get(f"https://127.0.0.1:{front.port}/debug/varz")[2]
            self.assertRegex(text, r"(?m)^derper_proxy_head_errors [1-9]")
            self.assertRegex(text, r"(?m)^derp_packets_sent [1-9]")
        self.assertIn("is a proxy and sent no PROXY head: closed", relay.text())

    def test_a_list_of_proxies_that_cannot_be_read_is_fatal(self):
        relay = Relay(self.folder, "127.0.0.1", self.port, self.stun_port, extra=("-proxy-protocol-from", "10.0.0.0/8,x"))
        self.assertEqual(relay.process.wait(DEADLINE), 1)
        self.assertIn("-proxy-protocol-from=x: want addresses or blocks", relay.text())
        relay.stop()

    def test_refused_connections_cost_nothing_that_stays(self):
        relay = self.start("-accept-connection-limit=0.001", "-accept-connection-burst=0")
        wait_until(lambda: "with TLS" in relay.text(), "the listener")
        descriptors = pathlib.Path(f"/proc/{relay.process.pid}/fd")
        before = len(list(descriptors.iterdir()))
        used = sum(os.times()[:2])
        for _ in range(300):
            with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as connection:
                self.assertEqual(self.read_end(connection), b"")
        self.assertLessEqual(len(list(descriptors.iterdir())), before + 1)
        ticks = (pathlib.Path(f"/proc/{relay.process.pid}/stat").read_text().rsplit(")", 1)[1]).split()
        self.assertLess((int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK"), 5, used)
        self.assertTrue(relay.alive())

    @staticmethod
    def read_end(connection):
        try:
            return connection.recv(1)
        except ConnectionResetError:
            return b""

    def test_a_limit_without_a_burst_lets_a_seconds_worth_pass(self):
        relay = self.start("-accept-connection-limit=2.5")
        self.assertIn("-accept-connection-limit without -accept-connection-burst: taking 3", relay.text())
        taken = 0
        for _ in range(20):
            try:
                ssl.get_server_certificate(("127.0.0.1", self.port), timeout=DEADLINE)
                taken += 1
            except OSError:
                pass
        self.assertGreaterEqual(taken, 3)
        self.assertLess(taken, 20)


if __name__ == "__main__":
    unittest.main(verbosity=2)
