"""relaylimit serves derpload, and every packet arrives as it was sent."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
import servers  # noqa: E402

BUILD = pathlib.Path(os.environ["DERP_BUILD_DIR"])


class LimitTest(unittest.TestCase):
    def load(self, flags, *load):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            subject = servers.Subject("limit", "bare loop", [str(BUILD / "tests/bench/limit/relaylimit"), *flags], "limit")
            with subject.serve(folder) as (_, addresses):
                done = subprocess.run([str(BUILD / "tests/bench/load/derpload"), "-server", addresses[0], "-pairs", "3", "-warm-up",
                                       "0s", "-duration", "500ms", "-json", str(folder / "record.json"), *load],
                                      capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            return json.loads((folder / "record.json").read_text())

    def test_packets_of_all_sizes_arrive_whole_over_tls(self):
        record = self.load([], "-size", "40,100,1400,16384,65536", "-both-ways")
        self.assertEqual(record["clients"], "TLS 1.3 TLS_AES_128_GCM_SHA256")
        self.assertEqual((record["traffic"]["dead_flows"], record["traffic"]["lost"]), (0, 0))

    def test_packets_arrive_whole_in_clear_text(self):
        record = self.load(["-plain"], "-plain", "-size", "40,1400,65536")
        self.assertEqual((record["traffic"]["dead_flows"], record["traffic"]["lost"]), (0, 0))

    def test_the_costs_of_the_parts_are_measured(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "costs.json"
            subprocess.run([str(BUILD / "tests/bench/limit/relaylimit"), "-costs", "-json", str(path)], check=True, timeout=100,
                           stdout=subprocess.DEVNULL)
            costs = json.loads(path.read_text())
        self.assertEqual({cost["payload"] for cost in costs}, {100, 1400, 16384})
        for cost in costs:
            self.assertGreater(min(cost[f"{part}_us"] for part in ("recv", "read", "write", "send")), 0)


if __name__ == "__main__":
    unittest.main()
