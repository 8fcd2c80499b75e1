"""What derpprobe -once prints in each format, where it goes, and the exit status that belongs to it."""
import os
import pathlib
import pty
import re
import socket
import stat
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import schemas  # noqa: E402
from metric_texts import documented, families  # noqa: E402
from programs import DEADLINE, Region, program  # noqa: E402

# derpprobe.md 2.4: what public wrappers match, behind the date.
GO_LINE = re.compile(r"(good|bad): (derp/[^/]+/[^/]+/(.+/)?(tls|udp6?|mesh|bw|qd)|derpmap-probe|prober): .+")


def run(*args, **env):
    return subprocess.run([program("derpprobe"), *args], capture_output=True, text=True, timeout=DEADLINE * 2,
                          stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8", **env})


def run_on_terminal(*args):
    """(exit status, what a terminal on both outputs showed)."""
    main, side = pty.openpty()
    process = subprocess.Popen([program("derpprobe"), *args], stdout=side, stderr=side, stdin=subprocess.DEVNULL,
                               env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "NO_COLOR": ""})
    os.close(side)
    shown = b""
    try:
        while more := os.read(main, 4096):
            shown += more
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(main)
    return process.wait(DEADLINE), shown.decode().replace("\r\n", "\n")


class OutputTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.region = Region()
        cls.region.__enter__()
        cls.addClassCleanup(cls.region.close)
        nodes = [cls.region.relays[0].node("900a"), cls.region.relays[1].node("900b", CertName="sha256-raw:" + "0" * 64)]
        cls.broken = cls.region.write_map(nodes, "broken.json")
        node = cls.region.relays[0].node("900a", InsecureForTests=True)
        cls.warned = cls.region.write_map([node], "warned.json")

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="derp-e2e-")
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "report"

    def test_json_keeps_to_its_schema_healthy_and_broken(self):
        for path, status, verdict in [(self.region.map, 0, "usable"), (self.broken, 1, "unusable")]:
            with self.subTest(verdict):
                done = self.region.probe("-format", "json", map_path=path)
                self.assertEqual(done.returncode, status, done.stdout + done.stderr)
                document = schemas.check("derpprobe.once.json", done.stdout)
                self.assertEqual((document["exit"], document["verdict"]), (status, verdict))
                self.assertEqual([node["node"] for node in document["nodes"]], ["900a", "900b"])
        self.assertEqual(document["findings"][0]["code"], "cert.pin_mismatch")
        self.assertIn("pin_seen", document["findings"][0]["data"])

    def test_lines_keep_to_their_schema_and_hold_the_same(self):
        done = self.region.probe("-format", "json-line", map_path=self.broken)
        self.assertEqual(done.returncode, 1)
        lines = [schemas.check("derpprobe.once-line.json", line) for line in done.stdout.splitlines()]
        self.assertEqual([line["schema"] for line in lines], ["derpprobe.node/1"] * 2 + ["derpprobe.run/1"])
        self.assertEqual(lines[1]["findings"][0]["code"], "cert.pin_mismatch")

    def test_a_map_that_cannot_be_read_is_a_document_too(self):
        done = run("-once", "-format", "json", "-derp-map", str(self.file))
        self.assertEqual(done.returncode, 1)
        document = schemas.check("derpprobe.once.json", done.stdout)
        self.assertEqual(document["findings"][0]["code"], "map.unreadable")
        self.assertEqual((document["verdict"], document["nodes"]), ("unknown", []))

    def test_the_textfile_is_an_exposition_with_documented_names(self):
        done = self.region.probe("-format", "prom", "-output", str(self.file), map_path=self.broken)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        exported = families(self.file.read_text())
        service, _ = documented("derpprobe")
        own, _ = documented("derpprobe -format prom")
        for name, kind in exported.items():
            self.assertEqual({**service, **own}.get(name), kind, name)
        self.assertLessEqual(set(own), set(exported))

    def test_nagios_has_one_short_line_and_its_own_status(self):
        for path, status, word in [(self.region.map, 0, "OK"), (self.broken, 2, "CRITICAL"), (self.warned, 1, "WARNING")]:
            with self.subTest(word):
                done = self.region.probe("-format", "nagios", map_path=path)
                self.assertEqual(done.returncode, status, done.stdout)
                first = done.stdout.splitlines()[0]
                self.assertTrue(first.startswith(f"DERP {word} - "), first)
                self.assertLess(len(first), 80)
                self.assertEqual(done.stdout.count("|"), 1)
                for item in re.findall(r"('[^']+'|\S+)=(\S+)", done.stdout.split("|")[1]):
                    self.assertRegex(item[1], r"^-?[\d.]+(s|B|%)?(;[^;]*){0,4}$")
        wrong = run("-once", "-format", "nagios", "-nosuch")
        self.assertEqual(wrong.returncode, 3)
        self.assertEqual(wrong.stdout, "DERP UNKNOWN - flag provided but not defined: -nosuch\n")
        self.assertEqual(run("-once", "-crl=maybe", DERPPROBE_FORMAT="nagios").returncode, 3)
        self.assertEqual(run("-once", "-format=nagios", "-derp-map", "gopher://x").returncode, 3)

    def test_a_file_is_replaced_whole_and_keeps_its_mode(self):
        self.file.write_text("old")
        self.file.chmod(0o600)
        with open(self.file) as first:  # stays what it was: the new ones take its name, not its bytes
            for form in ["text", "json", "json-line", "prom", "nagios", "go"]:
                with self.subTest(form):
                    done = self.region.probe("-format", form, "-output", str(self.file))
                    self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
                    self.assertNotIn("old", self.file.read_text())
                    self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
            self.assertEqual(first.read(), "old")
        self.assertRegex(self.file.read_text(), r"(?m)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d good: derpmap-probe: ")
        self.assertEqual(os.listdir(self.file.parent), ["report"])

    def test_a_file_that_cannot_be_written_is_named(self):
        path = str(self.file / "below")
        done = self.region.probe("-output", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"-output {path}: ", done.stderr)

    def test_warnings_count_when_they_are_asked_to(self):
        done = self.region.probe(map_path=self.warned)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn(" bad: ", done.stderr)
        done = self.region.probe("-fail-on", "warning", map_path=self.warned)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(" bad: derpmap-probe: map.insecure: ", done.stderr)
        self.assertIn("FAIL  ", done.stdout)
        self.assertIn("exit 1)", done.stdout)

    def test_lines_have_the_shape_that_scripts_match(self):
        for path in (self.region.map, self.broken):
            done = self.region.probe("-format", "go", map_path=path)
            said = re.findall(r"(?m)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ((?:good|bad): .*)$", done.stderr)
            self.assertTrue(said)
            for line in said:
                self.assertRegex(line, GO_LINE)
            self.assertEqual(said, sorted(line for line in said if line.startswith("good"))
                             + sorted(line for line in said if line.startswith("bad")))

    def test_a_failure_is_told_before_the_summary(self):
        done = self.region.probe("-format", "go", map_path=self.broken)
        self.assertLess(done.stderr.index(" probe derp/lab/900b/tls: "), done.stderr.index(" good: "))
        self.assertEqual(done.stderr.count(" probe derp/lab/900b/tls: "), 1)

    def test_a_terminal_shows_progress_by_stage_and_colours_instead_of_lines(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never speaks TLS
            nodes = [self.region.relays[0].node("900a"),
                     self.region.relays[0].node("900c", DERPPort=silent.getsockname()[1], STUNPort=-1)]
            status, shown = run_on_terminal("-once", "-timeout", "4s", "-derp-map",
                                            str(self.region.write_map(nodes, "silent.json")))
        self.assertEqual(status, 1, shown)
        self.assertRegex(shown, r"\r\x1b\[K1 of 2 nodes, 1 slow: lab/900c tls [23] s\r\x1b\[K")
        self.assertIn("\x1b[31merror[tls.timeout]\x1b[0m lab/900c: ", shown)
        self.assertNotRegex(shown, r"good: |bad: |probe derp/")
        self.assertRegex(shown, r"\n\x1b\[31mFAIL\x1b\[0m  1 unusable, ")

    def test_an_unknown_code_is_told_the_nearest(self):
        for written, nearest in [("cert.expird", "cert.expired"), ("expired", "cert.expired"), ("STUN.no_reply", "stun.no_reply")]:
            done = run("-explain", written)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(f"did you mean {nearest}?", done.stderr)
        self.assertIn("tls.reset", run("-explain", "tls").stderr)

    def test_the_manual_names_every_flag_and_no_other(self):
        known = set(re.findall(r"(?m)^  -([a-z0-9-]+)", run("-h").stderr))
        page = (ROOT / "docs/man/derpprobe.1").read_text().split(".SH FLAGS")[1].split(".SH FORMATS")[0]
        named = [name.replace("\\-", "-") for name in re.findall(r"(?m)^\.TP\n\\fB\\-([^\s\\]+(?:\\-[^\s\\]+)*)\\fR", page)]
        self.assertEqual(sorted(named), sorted(known))


if __name__ == "__main__":
    unittest.main(verbosity=2)
