"""docs/compatibility.md names every flag, endpoint, metric and frame, and no flag that does not exist."""
import json
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import program  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]


def section(title):
    text = (ROOT / "docs" / "compatibility.md").read_text()
    return re.search(rf"^## {title}$(.*?)(?=^## |\Z)", text, re.M | re.S).group(1)


def named(text):
    return set(re.findall(r"`([^`]+)`", text))


def recorded(name):
    return json.loads((ROOT / "tests" / "data" / name).read_text())


class CompatibilityTest(unittest.TestCase):
    def test_flags_are_those_of_the_program(self):
        usage = subprocess.run([program("derper"), "-h"], capture_output=True, text=True, check=True).stderr
        flags = set(re.findall(r"^  (-[a-z0-9-]+)", usage, re.M)) - {"-h"}
        self.assertEqual(flags, {flag for flag in named(section("Flags")) if re.fullmatch(r"-[a-z0-9-]+", flag)} - {"-h"})

    def test_every_recorded_endpoint_has_a_row(self):
        paths = {exchange["path"].partition("?")[0] for exchange in recorded("go-http.json")}
        self.assertEqual(paths - named(section("Endpoints")), set())

    def test_every_recorded_metric_has_a_row(self):
        self.assertEqual(set(recorded("go-varz-derper.json")) - named(section("Metrics")), set())

    def test_metrics_called_the_same_are_exported(self):
        ours = named((ROOT / "docs" / "metrics.md").read_text())
        for row in section("Metrics").splitlines():
            if "| same |" in row:
                self.assertEqual(named(row) - ours, set())

    def test_every_frame_has_a_row(self):
        frames = re.findall(r"^  k(\w+) = 0x", (ROOT / "common" / "wire" / "frame.h").read_text(), re.M)
        self.assertGreater(len(frames), 10)
        self.assertEqual(set(frames) - named(section("Frames")), set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
