"""derper's command line: the recorded lines of the Go program, and mistakes told before anything starts."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from programs import DEADLINE, program  # noqa: E402

DERPER = program("derper")
# Leftover words are a usage error here: dropping the flags behind them has cost operators their client verification.
DEVIATIONS = [["-"], ["--", "-version"], ["-derp", "false", "-version"], ["extra", "-version"]]


def run(*args, **environment):
    with tempfile.TemporaryDirectory(prefix="derp-e2e-") as folder:
        return subprocess.run([DERPER, *args], capture_output=True, text=True, timeout=DEADLINE, cwd=folder,
                              stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], **environment})


class CommandLineTest(unittest.TestCase):
    def test_recorded_lines_end_as_recorded(self):
        rows = [row for row in json.loads((ROOT / "tests/data/go-flags.json").read_text())
                if row["program"] == "derper"]
        self.assertGreater(len(rows), 60)
        for row in rows:
            with self.subTest(args=row["args"]):
                done = run(*row["args"])
                first_line = done.stderr.split("\n")[0].replace(DERPER, "<prog>")
                if row["args"] in DEVIATIONS:
                    self.assertEqual(done.returncode, 2)
                    self.assertRegex(first_line, r"^unexpected argument")
                    continue
                self.assertEqual(done.returncode, row["exit"])
                self.assertEqual(first_line, row["stderr_first_line"])
                self.assertEqual(len(done.stdout.splitlines()), row["stdout_lines"])

    def test_the_environment_is_read_and_its_mistakes_are_named(self):
        done = run(DERPER_HTTP_PORT="http")
        self.assertEqual(done.returncode, 2)
        self.assertIn('invalid value "http" for environment variable DERPER_HTTP_PORT: parse error', done.stderr)
        self.assertEqual(run("-version", DERPER_HTTP_PORT="http").returncode, 0)

    def test_mistakes_end_in_status_1_and_one_line(self):
        manual = ["-c", "key", "-certmode=manual", "-certdir=certs", "-stun=false", "-a=127.0.0.1:0"]
        clear = ["-c", "key", "-tls=off", "-stun=false", "-a=127.0.0.1:0"]
        for args, line in [
                (["-a", "443"], "invalid server address: address 443: missing port in address"),
                (["-a", "::1:443"], "invalid server address: address ::1:443: too many colons in address"),
                ([*clear, "-home=foo"], 'unknown --home value "foo"'),
                ([*clear, "-mesh-with=a.example"], "startMesh: --mesh-with requires --mesh-psk-file"),
                ([*clear, "-mesh-with=a/b/c"], 'startMesh: too many components in host tuple "a/b/c"'),
                ([*clear, "-mesh-psk-file=none"], "StaticFile failed to get key: open none: no such file or directory"),
                ([*clear, "-c", "/proc/self/none/key"], "derper: mkdir /proc/self/none: "),
                ([*manual, "-hostname=derp.test"], "derper: can not start cert provider: can not load x509 key pair "
                 'for hostname "derp.test": open certs/derp.test.crt: no such file or directory'),
                ([*manual, "-tls=on", "-certmode=foo"], 'derper: can not start cert provider: unsupport cert mode: "foo"'),
                ([*manual, "-tls=on", "-certmode=letsencrypt"], "derper: can not start cert provider: "
                 "-certmode=letsencrypt is not in this build yet"),
                (["-a=127.0.0.1:0", "-c", "key"], "-certmode=letsencrypt on port 0 would serve clear text"),
                ([*clear, "-verify-client-url=ftp://a"], 'derper: -verify-client-url: "ftp://a" is no http or https URL'),
                ([*clear, "-verify-deny-file=none"], "derper: -verify-deny-file: open none: no such file or directory"),
                ([*clear, "-workers=-1"], "derper: -workers=-1: want 0 to 64"),
                ([*clear, "-workers=65"], "derper: -workers=65: want 0 to 64")]:
            with self.subTest(args=args):
                done = run(*args)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertRegex(done.stderr.splitlines()[-1], r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d " + re.escape(line))

    def test_a_port_in_use_is_told(self):
        import socket
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = run("-c", "key", "-tls=off", "-stun=false", "-a", f"127.0.0.1:{taken.getsockname()[1]}")
            self.assertEqual(done.returncode, 1)
            self.assertIn("address already in use", done.stderr)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            done = run("-c", "key", "-tls=off", "-stun-port", str(taken.getsockname()[1]), "-a", "127.0.0.1:0")
            self.assertEqual(done.returncode, 1)
            self.assertIn("address already in use", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
