"""derpprobe -once over a region that really runs: two relays meshed on loopback, self-signed and pinned."""
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import Region, wait_until  # noqa: E402


class RegionTest(unittest.TestCase):
    def test_a_healthy_meshed_region_of_pinned_relays_passes_without_a_finding(self):
        with Region() as region:
            done = region.probe()
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("OK  2 of 2 nodes usable, 2 of 2 mesh directions, no findings", done.stdout)
            self.assertNotIn("error[", done.stdout)
            good = re.findall(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d good: ([^:]+): \S+$", done.stderr, re.M)
            self.assertEqual(good, sorted([
                "derp/lab/900a/900a/mesh", "derp/lab/900a/900b/mesh", "derp/lab/900b/900a/mesh",
                "derp/lab/900b/900b/mesh", "derp/lab/900a/tls", "derp/lab/900b/tls", "derp/lab/900a/udp",
                "derp/lab/900b/udp", "derpmap-probe"]))
            self.assertNotIn("bad: ", done.stderr)

    def test_a_stopped_relay_is_named_with_the_stage_that_failed(self):
        with Region() as region:
            self.assertEqual(region.relays[1].stop(), 0)
            done = region.probe()
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn("error[tcp.refused] lab/900b", done.stdout)
            self.assertEqual(done.stdout.count("error["), 1, done.stdout)
            row = next(line for line in done.stdout.splitlines() if "lab/900b" in line and "error" not in line)
            self.assertRegex(row, r"✕\s+lab/900b\s+–\s+✕(\s+·){7}\s")
            self.assertRegex(done.stdout.splitlines()[-1] + done.stdout, r"FAIL  1 unusable")
            self.assertIn("bad: derp/lab/900b/tls: ", done.stderr)

    def test_a_wrong_pin_is_told_from_every_other_fault(self):
        with Region() as region:
            nodes = [region.relays[0].node("900a"), region.relays[1].node("900b", CertName="sha256-raw:" + "0" * 64)]
            done = region.probe(map_path=region.write_map(nodes, "wrong-pin.json"))
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn("error[cert.pin_mismatch] lab/900b", done.stdout)
            self.assertIn(region.relays[1].pin().removeprefix("sha256-raw:"), done.stdout)

    def test_a_relay_that_comes_back_is_meshed_again(self):
        with Region() as region:
            first = region.relays[0]
            before = len(re.findall(r": logged in to relay", first.text()))
            second = region.relays[1]
            second.stop()
            again = type(second)(region.folder, second.ip, second.port, second.stun_port,
                                 [f"{relay.ip}:{relay.port}" for relay in region.relays])
            region.callback(again.stop)
            wait_until(lambda: len(re.findall(r": logged in to relay", first.text())) > before, "the second mesh link")
            self.assertEqual(region.probe().returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
