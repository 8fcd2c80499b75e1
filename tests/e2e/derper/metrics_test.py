"""What derper exports, against docs/metrics.md and against the recorded list of the Go program."""
import json
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from programs import Region  # noqa: E402


def families(text):
    """name -> (type, label names) of a Prometheus text."""
    out = {}
    for line in text.splitlines():
        if declared := re.match(r"# TYPE (\S+) (\S+)$", line):
            out[declared.group(1)] = (declared.group(2), set())
        elif sample := re.match(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? \S+$", line):
            name = sample.group(1)
            if name not in out:
                name = re.sub(r"_(bucket|sum|count)$", "", name)
            out[name][1].update(re.findall(r'(\w+)="', sample.group(3) or ""))
        else:
            assert line.startswith("# HELP "), line
    return out


def documented():
    """The same from the table of derper's section, without the rows that name what is left out."""
    section = (ROOT / "docs/metrics.md").read_text().split("\n## derper\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*)\|", section, re.M)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}, section


class MetricsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Region() as region:
            cls.live = families(region.relays[0].varz())

    def test_everything_exported_is_documented_and_the_reverse(self):
        table, _ = documented()
        # Rows of tcp_rtt appear with the first sample, ten seconds after a client came.
        live = {name: (kind, labels or ({"le"} if name == "derp_tcp_rtt" else labels))
                for name, (kind, labels) in self.live.items()}
        self.assertEqual(set(table), set(live))
        for name, (kind, labels) in live.items():
            self.assertEqual(table[name], (kind, labels), name)

    def test_names_types_and_labels_are_those_of_the_go_program(self):
        _, section = documented()
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
