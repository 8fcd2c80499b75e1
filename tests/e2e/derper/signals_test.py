"""Signals that come as soon as derper and derpprobe say that they serve."""
import pathlib
import signal
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import DEADLINE, Listener, program  # noqa: E402

STARTS = 10  # the moments after the line are short


class SignalsTest(unittest.TestCase):
    def starts(self):
        """Several times each program that has just said that it serves, with its word for a reload."""
        with tempfile.TemporaryDirectory(prefix="derp-e2e-") as folder:
            map_file = pathlib.Path(folder, "map.json")
            map_file.write_text('{"Regions": {}}')
            relay = [program("derper"), "-a=127.0.0.1:0", "-tls=off", "-stun=false", "-workers=1", f"-c={folder}/key"]
            prober = [program("derpprobe"), "-listen=127.0.0.1:0", f"-derp-map=file://{map_file}"]
            for args, serves, reloads in ((relay, "serving on", "reload: asked for"), (prober, "listening on", "SIGHUP: reading")):
                for _ in range(STARTS):
                    with Listener(args) as started:
                        started.hear(serves)
                        yield started, reloads

    def test_what_says_that_it_serves_can_be_ended(self):
        for started, _ in self.starts():
            started.process.send_signal(signal.SIGTERM)
            self.assertEqual(started.process.wait(DEADLINE), 0, started.process.args[0])

    def test_what_says_that_it_serves_can_be_told_to_reload(self):
        for started, reloads in self.starts():
            started.process.send_signal(signal.SIGHUP)
            started.hear(reloads)
            started.process.send_signal(signal.SIGTERM)
            self.assertEqual(started.process.wait(DEADLINE), 0, started.process.args[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
