"""The policy derper's workers run under: SCHED_BATCH, unless somebody chose another one for the process."""
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import Program, program, wait_until  # noqa: E402

WORKERS = 3


def policies(relay):
    """Of all its threads."""
    return [os.sched_getscheduler(int(task)) for task in os.listdir(f"/proc/{relay.process.pid}/task")]


class SchedulingTest(unittest.TestCase):
    def start(self, *before):
        """A relay that serves, started by the command `before`."""
        folder = tempfile.TemporaryDirectory(prefix="derp-e2e-")
        self.addCleanup(folder.cleanup)
        relay = Program([*before, program("derper"), "-dev", "-a", "127.0.0.1:0", "-stun-port", "0", "-workers", str(WORKERS),
                         "-c", folder.name + "/key"], pathlib.Path(folder.name) / "log")
        self.addCleanup(relay.stop)
        wait_until(lambda: "serving" in relay.text(), "derper serves: " + relay.text())
        return relay

    def test_workers_let_others_finish_and_nobody_else_does(self):
        relay = self.start()
        wait_until(lambda: policies(relay).count(os.SCHED_BATCH) == WORKERS, lambda: f"the workers' policy: {policies(relay)}")
        self.assertGreater(policies(relay).count(os.SCHED_OTHER), 0)

    def test_the_policy_that_was_chosen_for_the_process_stands(self):
        self.assertEqual(set(policies(self.start("chrt", "--idle", "0"))), {os.SCHED_IDLE})


if __name__ == "__main__":
    unittest.main()
