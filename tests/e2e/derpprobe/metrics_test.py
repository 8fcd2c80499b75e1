"""What derpprobe exports as a service, against docs/metrics.md and the recorded list of the Go program."""
import json
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
sys.path.insert(0, str(ROOT / "tests/e2e/derpprobe"))
from metric_texts import documented, families  # noqa: E402
from programs import Region, wait_until  # noqa: E402
from service_test import Service  # noqa: E402


class MetricsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Region() as region:
            service = Service(region, "-bw-interval", "1s", "-bw-probe-size-bytes", "100000",
                              "-qd-packets-per-second", "20")
            region.callback(service.stop)
            service.wait_page("All 2 nodes usable")
            wait_until(lambda: "derpprobe_derp_bw_bytes_total" in service.get("/metrics")[2], "a bandwidth probe")
            region.relays[1].stop()  # so that a finding and a failed probe are among them
            service.wait_page("tcp.refused")
            cls.live = families(wait_until(lambda: service.get("/metrics")[2], "the metrics"))

    def test_everything_exported_is_documented_and_the_reverse(self):
        table, _ = documented("derpprobe")
        self.assertEqual(set(table), set(self.live))
        for name, (kind, labels) in self.live.items():
            self.assertEqual(table[name], (kind, labels), name)

    def test_names_types_and_labels_are_those_of_the_go_program(self):
        _, section = documented("derpprobe")
        for name, recorded in json.loads((ROOT / "tests/data/go-varz-derpprobe.json").read_text()).items():
            if name not in self.live:
                self.assertIn(f"`{name}`", section.split("### Not exported")[1], name)
                continue
            kind, labels = self.live[name]
            self.assertEqual(kind, recorded["type"], name)
            self.assertEqual(labels - {"from", "to"}, set(recorded["labels"]), name)  # those two are ours


if __name__ == "__main__":
    unittest.main(verbosity=2)
