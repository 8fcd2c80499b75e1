"""derper's settings: flag over environment over file over default, shown and checked."""
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from programs import DEADLINE, Program, program, wait_until  # noqa: E402

KEY = '{"PrivateKey": "privkey:%s"}' % ("18" * 31 + "58")


class ConfigTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="derp-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_derper(self, *args, **environment):
        return subprocess.run([program("derper"), *args], capture_output=True, text=True, timeout=DEADLINE,
                              cwd=self.folder, stdin=subprocess.DEVNULL,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **environment})

    def shown(self, *args, **environment):
        done = self.run_derper("-print-config", *args, **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_flag_over_environment_over_file_over_default(self):
        (self.folder / "derper.yaml").write_text("a: :1\nhostname: file.test\nstun: false\nbootstrap-dns-names: a.test\n")
        text = self.shown("-config=derper.yaml", "-a=:3", DERPER_A=":2", DERPER_HOSTNAME="environment.test",
                          DERPER_STUN_PORT="", DERPER_HTTP_PORT="tcp://10.0.0.1:80", DERPER_NOSUCH="x")
        for line in [r'^a: ":3" +# flag$', r"^hostname: environment.test +# environment variable DERPER_HOSTNAME$",
                     r"^stun: false +# file derper.yaml, line 3$", r"^stun-port: 3478 +# default$",
                     r"^http-port: 80 +# default$"]:
            self.assertRegex(text, re.compile(line, re.M))
        (self.folder / "again.yaml").write_text(text)
        values = [line.split("#")[0] for line in text.splitlines()]
        again = self.shown("-config=again.yaml")
        self.assertEqual([line.split("#")[0] for line in again.splitlines()], values)
        (self.folder / "derper.json").write_text('{"a": ":7", "stun": false}')
        self.assertIn('a: ":7"', self.shown("-config=derper.json"))

    def test_the_shown_configuration_tells_no_secret(self):
        text = self.shown("-acme-eab-key=secret1", "-secrets-url=https://u:secret2@s.test",
                          "-verify-client-url=http://u:secret3@a.test,http://b.test/?key=secret4")
        self.assertNotIn("secret1", text + "")
        for number in range(1, 5):
            self.assertNotIn(f"secret{number}", text)
        self.assertIn("b.test", text)

    def test_mistakes_in_the_file_end_in_status_2(self):
        for content, words in [("hostnam: x\n", ["line 1", "hostnam", "hostname"]), ("a: [", []), ("stun-port: x\n", ["stun-port"]),
                               ("a: :1\na: :2\n", ["line 2"]), ("config: other\n", ["config"])]:
            with self.subTest(content=content):
                (self.folder / "bad.yaml").write_text(content)
                done = self.run_derper("-config=bad.yaml")
                self.assertEqual(done.returncode, 2)
                self.assertTrue(done.stderr.startswith("derper: -config: bad.yaml"), done.stderr)
                for word in words:
                    self.assertIn(word, done.stderr)
        self.assertEqual(self.run_derper("-config=none.yaml").returncode, 2)

    def test_a_relay_runs_from_its_file_alone(self):
        (self.folder / "derper.yaml").write_text(
            f'a: "127.0.0.1:0"\ntls: "off"\nstun: false\nworkers: 1\nc: {self.folder}/key\n')
        relay = Program([program("derper"), "-config", str(self.folder / "derper.yaml")], self.folder / "log")
        self.addCleanup(relay.stop)
        wait_until(lambda: "derper: serving on 127.0.0.1:" in relay.text(), lambda: f"the start: {relay.text()}")

    def test_a_check_finds_what_is_wrong_and_makes_nothing(self):
        good = ["-c=key", "-certmode=manual", "-certdir=certs", "-hostname=127.0.0.1", "-a=127.0.0.1:0"]
        done = self.run_derper("-check-config", *good)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("key file key: will be made", done.stdout)
        self.assertIn("self-signed", done.stdout)
        self.assertEqual(list(self.folder.iterdir()), [])

        for name, text in [("empty", ""), ("zeros", "0" * 64), ("garbage", "x"), ("folder/x", ""), ("here.crt", "x")]:
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).write_text(text)
        for args, words in [
                (["-a=443"], "missing port in address"), (["-a=127.0.0.1:https2"], "unknown port"),
                (["-c=garbage"], "garbage: config: "), (["-c=empty/key"], "open empty/key: not a directory"),
                (["-mesh-psk-file=empty"], "invalid mesh key: empty is empty"),
                (["-mesh-psk-file=zeros"], "all zeros"), (["-mesh-psk-file=garbage"], "want 64 hex digits"),
                (["-mesh-psk-file=none"], "open none: no such file"), (["-mesh-with=a.test"], "requires --mesh-psk-file"),
                (["-mesh-ca-file=garbage"], "garbage: "), (["-hostname=derp.test"], "certs/derp.test.crt: no such file"),
                (["-certdir=.", "-hostname=here"], "here"), (["-certmode=gcp", "-tls=on"], "-certmode=gcp"),
                (["-certmode=letsencrypt"], "would serve clear text"), (["-workers=65"], "want 0 to 64"),
                (["-verify-allow-file=garbage"], "garbage"), (["-verify-deny-file=none"], "open none: no such file"),
                (["-verify-client-url=ftp://x"], "ftp"), (["-rate-config=garbage"], "garbage"),
                (["-home=foo"], 'unknown --home value "foo"'),
                (["-secrets-url=ftp://x"], "-secrets-url: want an http or https URL"),
                (["-secrets-url=http://127.0.0.1:1"], "secret prod/derp/meshkey: ")]:
            with self.subTest(args=args):
                done = self.run_derper("-check-config", *good, *args)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertTrue([line for line in done.stdout.splitlines() if line.startswith("error: ") and words in line],
                                done.stdout)

    def test_a_check_runs_beside_the_relay_it_is_for(self):
        (self.folder / "key").write_text(KEY)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = self.run_derper("-check-config", "-c=key", "-tls=off", f"-a=127.0.0.1:{taken.getsockname()[1]}")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("key file key: ok", done.stdout)

    def test_the_manual_page_has_every_flag_and_no_other(self):
        usage = self.run_derper("-h").stderr
        flags = set(re.findall(r"^  -([a-z0-9-]+)", usage, re.M))
        self.assertGreater(len(flags), 45)
        page = (ROOT / "docs/man/derper.1").read_text()
        page = page.split(".SH LISTENERS")[1].split(".SH PAGES")[0].replace(r"\-", "-")
        described = set()
        for line in re.findall(r"^\.TP\n(\.[BI]+ .*)$", page, re.M):
            described |= set(re.findall(r'(?:^|[ "])-([a-z][a-z0-9-]*)', line))
        self.assertEqual(described, flags)


if __name__ == "__main__":
    unittest.main(verbosity=2)
