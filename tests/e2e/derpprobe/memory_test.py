"""What the service remembers and whom it tells: alerts by command and webhook, -state-dir over restarts."""
import http.server
import json
import pathlib
import re
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from programs import DEADLINE, Region, program, wait_until  # noqa: E402
from schemas import check  # noqa: E402
from service_test import Service  # noqa: E402


class Command:
    """An alert command that appends what it gets to a file."""

    def __init__(self, folder, script="cat >> \"$(dirname \"$0\")/alerts\""):
        self.path = folder / "on-alert"
        self.alerts = folder / "alerts"
        self.path.write_text(f"#!/bin/sh\n{script}\n")
        self.path.chmod(0o700)

    def events(self):
        lines = self.alerts.read_text().splitlines() if self.alerts.exists() else []
        return [json.loads(line) for line in lines]

    def wait_for(self, place, state):
        def found():
            return next((e for e in self.events() if (e["place"], e["state"]) == (place, state)), None)
        return wait_until(found, lambda: f"the alert {place} {state}; so far {self.events()}")


class Receiver:
    """A webhook on loopback; the first answers are the given statuses, then 204."""

    def __init__(self, statuses=()):
        self.bodies = []
        left = list(statuses)
        bodies = self.bodies

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(left.pop(0) if left else 204)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/hooks/T0KEN"

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class MemoryTest(unittest.TestCase):
    def test_a_stopped_relay_is_told_to_the_command_and_a_restart_remembers(self):
        with Region() as region:
            command = Command(region.folder)
            state = region.folder / "state"
            options = ("-state-dir", str(state), "-alert-command", str(command.path))
            service = Service(region, *options)
            region.callback(service.stop)
            service.wait_page("All 2 nodes usable")
            region.relays[1].stop()
            event = command.wait_for("lab/900b", "down")
            check("derpprobe.alert.json", json.dumps(event))
            self.assertEqual([f["code"] for f in event["findings"]], ["tcp.refused"])
            self.assertEqual((event["kind"], event["before"], event["region_id"]), ("node", "ok", 900))
            sent = re.compile(r'^derpprobe_alerts_total\{sink="command",result="sent"\} [1-9]', re.M)
            wait_until(lambda: sent.search(service.get("/metrics")[2]), "the command's end to be counted")
            self.assertEqual(service.stop(), 0)
            told = len(command.events())
            self.assertEqual(state.stat().st_mode & 0o777, 0o700)

            again = Service(region, *options)
            region.callback(again.stop)
            page = again.wait_page("1 of 2 nodes unusable", "tcp.refused began", "usable → impaired")
            self.assertEqual(page.count("tcp.refused began"), 1)
            self.assertNotIn("history", again.text())

            def rounds():
                metrics = again.get("/metrics")[2].splitlines()
                counts = [float(line.rsplit(" ", 1)[1]) for line in metrics
                          if line.startswith("derpprobe_attempts_total") and '900b/tls"' in line]
                return sum(counts) >= 6
            wait_until(rounds, "six rounds of the second run")
            self.assertEqual(len(command.events()), told, "told again after the restart")

    def test_a_webhook_gets_the_event_and_is_tried_again(self):
        with Region() as region:
            receiver = Receiver([503])
            region.callback(receiver.close)
            service = Service(region, "-alert-webhook", receiver.url(), "-alert-after", "1/1")
            region.callback(service.stop)
            service.wait_page("All 2 nodes usable")
            region.relays[1].stop()
            wait_until(lambda: len(receiver.bodies) >= 2, "the second try")
            self.assertEqual(receiver.bodies[0], receiver.bodies[1])
            check("derpprobe.alert.json", receiver.bodies[0])
            self.assertIn("answered 503", service.text())
            self.assertNotIn("T0KEN", service.text())

    def test_a_command_that_hangs_holds_up_neither_rounds_nor_the_end(self):
        with Region() as region:
            command = Command(region.folder, "echo \"$$\" > \"$(dirname \"$0\")/alerts\"; exec sleep 1000")
            service = Service(region, "-alert-command", str(command.path), "-alert-after", "1/1")
            region.callback(service.stop)
            service.wait_page("All 2 nodes usable")
            region.relays[1].stop()
            wait_until(command.alerts.exists, "the command")
            service.wait_page("1 of 2 nodes unusable")
            self.assertEqual(service.stop(), 0)  # within the 10 s that the command is given

    def test_a_second_service_on_the_same_directory_ends_with_a_clear_message(self):
        with Region() as region:
            state = region.folder / "state"
            service = Service(region, "-state-dir", str(state))
            region.callback(service.stop)
            second = subprocess.run([program("derpprobe"), "-listen", "127.0.0.1:0", "-derp-map", f"file://{region.map}",
                                     "-state-dir", str(state)], capture_output=True, text=True, timeout=DEADLINE,
                                    stdin=subprocess.DEVNULL)
            self.assertEqual(second.returncode, 1)
            self.assertIn(f"-state-dir {state}: another derpprobe (process {service.process.pid}) uses this directory",
                          second.stderr)

    def test_a_damaged_history_is_set_aside_and_the_service_runs(self):
        with Region() as region:
            state = region.folder / "state"
            state.mkdir(mode=0o700)
            (state / "history.db").write_bytes(b"no database at all" * 1000)
            service = Service(region, "-state-dir", str(state))
            region.callback(service.stop)
            service.wait_page("All 2 nodes usable")
            self.assertRegex(service.text(), r"history: .*history.db: .*; set aside as .*history.db.damaged-")
            self.assertEqual(len(list(state.glob("history.db.damaged-*"))), 1)

    def test_what_cannot_receive_alerts_is_refused_at_the_start(self):
        with Region() as region:
            for flags, words in ((("-alert-command", "/nonexistent/x"), "-alert-command /nonexistent/x: no such file"),
                                 (("-alert-webhook", "hooks.example.net"), "-alert-webhook: not an http or https URL")):
                run = subprocess.run([program("derpprobe"), "-listen", "127.0.0.1:0", "-derp-map", f"file://{region.map}",
                                      *flags], capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL)
                self.assertEqual(run.returncode, 1)
                self.assertIn(words, run.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
