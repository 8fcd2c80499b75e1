"""What derper exports, against docs/metrics.md and against the recorded list of the Go program."""
import json
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from metric_texts import documented, families  # noqa: E402
from programs import Region  # noqa: E402


class MetricsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as rates:
            rates.write("{}")  # limits have metrics of their own
            rates.flush()
            with Region(("-rate-config", rates.name)) as region:
                cls.live = families(region.relays[0].varz())

    def test_everything_exported_is_documented_and_the_reverse(self):
        table, _ = documented("derper")
        # Rows of tcp_rtt appear with the first sample, ten seconds after a client came.
        live = {name: (kind, labels or ({"le"} if name == "derp_tcp_rtt" else labels))
                for name, (kind, labels) in self.live.items()}
        self.assertEqual(set(table), set(live))
        for name, (kind, labels) in live.items():
            self.assertEqual(table[name], (kind, labels), name)

    def test_names_types_and_labels_are_those_of_the_go_program(self):
        _, section = documented("derper")
        for name, recorded in json.loads((ROOT / "tests/data/go-varz-derper.json").read_text()).items():
            if name not in self.live:
                self.assertIn(f"`{name}`", section.split("### Not exported")[1], name)
                continue
            kind, labels = self.live[name]
            self.assertEqual(kind, recorded["type"], name)
            if name != "derp_tcp_rtt":
                self.assertEqual(labels, set(recorded["labels"]), name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
