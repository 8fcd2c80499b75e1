"""derpprobe's command line: what is printed where, and the exit status."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import DEADLINE, Region, program  # noqa: E402


def run(*args, stdin="", **env):
    return subprocess.run([program("derpprobe"), *args], capture_output=True, text=True, timeout=DEADLINE * 2,
                          input=stdin, env={**os.environ, "LC_ALL": "C.UTF-8", **env})


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="derp-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, text, name="map.json"):
        path = self.folder / name
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return str(path)

    def test_a_code_is_explained_and_an_unknown_one_refused(self):
        done = run("-explain", "cert.expired")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("cert.expired  error, stage cert, since 0.1\n  means    "))
        done = run("-explain=cert.nonsense")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("no such code", done.stderr)

    def test_the_version_goes_to_stdout(self):
        done = run("-version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^\d+\.\d+\.\d+\n$")

    def test_wrong_flags_are_status_2(self):
        for args, words in [(["-nosuch"], "flag provided but not defined: -nosuch"),
                            (["-once", "extra"], "extra"), (["-once", "false"], "false"),
                            (["-interval=0s"], "-interval must be above zero"),
                            (["-crl=maybe"], "-crl maybe"), (["-format=xml"], "-format xml")]:
            with self.subTest(args=args):
                done = run(*args)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_a_map_that_cannot_be_read_is_a_finding(self):
        for text in ["", "{", "[]", '{"Regions": 7}', "\x00\x01\x02", '{"Regions": {"900": {"Nodes": [7]}}}']:
            with self.subTest(text=text):
                done = run("-once", "-derp-map", self.write(text))
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertRegex(done.stdout, r"error\[map\.(unreadable|empty)\]")
                self.assertIn("bad: derpmap-probe: ", done.stderr)
        done = run("-once", "-derp-map", str(self.folder / "missing.json"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("error[map.unreadable]", done.stdout)
        self.assertEqual(run("-once", "-derp-map", "gopher://x").returncode, 2)

    def test_a_map_without_nodes_and_a_null_region_fail_without_crashing(self):
        for regions in [{}, {"900": None}, {"900": {"RegionID": 900, "RegionCode": "lab", "Nodes": []}}]:
            with self.subTest(regions=regions):
                done = run("-once", "-derp-map", self.write({"Regions": regions}))
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertIn("FAIL", done.stdout)

    def test_a_filter_that_matches_nothing_fails(self):
        node = {"Name": "900a", "RegionID": 900, "HostName": "127.0.0.1", "IPv4": "127.0.0.1", "IPv6": "none"}
        path = self.write({"Regions": {"900": {"RegionID": 900, "RegionCode": "lab", "Nodes": [node]}}})
        done = run("-once", "-derp-map", path, "-region-code", "fra")
        self.assertEqual(done.returncode, 1)
        self.assertIn("-region-code fra: no such region in the map", done.stdout)
        self.assertIn("bad: derpmap-probe: ", done.stderr)

    def test_a_wrong_mesh_key_file_is_fatal(self):
        done = run("-once", "-derp-map", self.write({"Regions": {}}), "-mesh-psk-file", self.write("short", "key"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("64 hexadecimal digits", done.stderr)
        self.assertNotIn("short", done.stdout + done.stderr)

    def test_format_go_leaves_stdout_alone(self):
        with Region() as region:
            done = region.probe("-format", "go")
            self.assertEqual((done.returncode, done.stdout), (0, ""))
            self.assertIn("Waiting for all probes (may take up to 1m)\n", done.stderr)
            self.assertIn("adding DERP mesh probe for 900a->900b (Lab) every 15s\n", done.stderr)
            self.assertRegex(done.stderr, r"good: derp/lab/900a/900b/mesh: [0-9.]+(µs|ms|s)\n")

    def test_a_filtered_run_says_nothing_of_other_regions(self):
        with Region() as region:
            text = json.loads(pathlib.Path(region.map).read_text())
            node = {"Name": "901a", "RegionID": 901, "HostName": "127.0.0.9", "IPv4": "127.0.0.9", "IPv6": "none",
                    "DERPPort": 1, "STUNPort": 1}
            text["Regions"]["901"] = {"RegionID": 901, "RegionCode": "den", "RegionName": "Den", "Nodes": [node]}
            done = region.probe("-region-code", "lab", map_path=self.write(text))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertNotIn("901a", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
