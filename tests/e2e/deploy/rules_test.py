"""The alert rules and the dashboards of deploy/: valid, each alert tested firing and silent."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROMETHEUS = ROOT / "deploy/prometheus"
sys.path.insert(0, str(ROOT / "tests/e2e"))
from metric_texts import documented, named_metrics  # noqa: E402

RULES = (PROMETHEUS / "derpprobe.rules.yml").read_text()
DERPER_RULES = (PROMETHEUS / "derper.rules.yml").read_text()
DASHBOARD = json.loads((ROOT / "deploy/grafana/derpprobe.json").read_text())
DERPER_DASHBOARD = json.loads((ROOT / "deploy/grafana/derper.json").read_text())


def expressions(dashboard):
    """What its panels ask Prometheus."""
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]


def promtool(*args):
    return subprocess.run(["promtool", *args], cwd=PROMETHEUS, capture_output=True, text=True)


class RulesTest(unittest.TestCase):
    def test_promtool_accepts_rules_and_configuration(self):
        for args in (["check", "rules", "derpprobe.rules.yml"], ["check", "config", "prometheus.yml"],
                     ["test", "rules", "derpprobe.rules_test.yml"],
                     ["check", "rules", "derper.rules.yml"], ["test", "rules", "derper.rules_test.yml"]):
            done = promtool(*args)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_alert_is_tested_firing_and_silent(self):
        for program, rules in (("derpprobe", RULES), ("derper", DERPER_RULES)):
            tests = (PROMETHEUS / f"{program}.rules_test.yml").read_text()
            alerts = re.findall(r"- alert: (\w+)", rules)
            self.assertTrue(alerts)
            self.assertEqual(len(alerts), len(set(alerts)))
            for alert in alerts:
                self.assertRegex(tests, rf"alertname: {alert}\n        exp_alerts:\n          - exp_labels", alert)
                self.assertRegex(tests, rf"alertname: {alert}\n        exp_alerts: \[\]", alert)

    def test_every_metric_is_one_that_derpprobe_exports(self):
        known = set(documented("derpprobe")[0])
        for metric in named_metrics(RULES) | named_metrics(json.dumps(DASHBOARD)):
            self.assertIn(metric, known)

    def test_every_metric_of_the_relays_rules_and_dashboard_is_one_that_derper_exports(self):
        known = set(documented("derper")[0])
        names = set(re.findall(r"\b(?:derper?_|process_)[a-z0-9_]+", DERPER_RULES))
        for expression in expressions(DERPER_DASHBOARD):
            names |= set(re.findall(r"([a-z0-9_]+)[{]", expression)) - {"up"}
        names -= {name for name in names if re.search(rf"derper:\w+:{name}", DERPER_RULES)}
        for metric in {re.sub(r"_bucket$", "", name) for name in names}:
            self.assertIn(metric, known)

    def test_the_relays_dashboard_selects_only_labels_that_exist(self):
        table = documented("derper")[0]
        for expression in expressions(DERPER_DASHBOARD):
            for name, selectors in re.findall(r"(?<![:a-z0-9_])([a-z0-9_]+)[{]([^}]*)[}]", expression):
                labels = table.get(re.sub(r"_bucket$", "", name), ("", set()))[1] | {"instance", "job"}
                self.assertLessEqual(set(re.findall(r"(\w+)[!=]?[=~]", selectors)), labels, expression)
                for grouped in re.findall(r"by \(([^)]*)\) \((?:rate|increase)?\(?" + name + r"\b", expression):
                    self.assertLessEqual(set(grouped.split(", ")), labels, expression)

    def test_promtool_accepts_the_expressions_of_the_dashboards(self):
        rules = [{"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
                 for number, expression in enumerate(expressions(DASHBOARD) + expressions(DERPER_DASHBOARD))]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "panels.yml"
            path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
            done = promtool("check", "rules", str(path))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_dashboards_use_only_recordings_that_exist(self):
        for program, rules, dashboard in (("derpprobe", RULES, DASHBOARD), ("derper", DERPER_RULES, DERPER_DASHBOARD)):
            recorded = set(re.findall(r"- record: (\S+)", rules))
            used = set(re.findall(program + r":\w+:\w+", json.dumps(dashboard)))
            self.assertTrue(used)
            self.assertLessEqual(used, recorded)

    def test_panels_do_not_overlap_and_have_a_title_and_a_query(self):
        for dashboard in (DASHBOARD, DERPER_DASHBOARD):
            self.judge_panels(dashboard)

    def judge_panels(self, dashboard):
        taken = set()
        for panel in dashboard["panels"]:
            self.assertTrue(panel["title"])
            self.assertTrue(panel["type"] == "row" or panel["targets"])
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            self.assertLessEqual(place["x"] + place["w"], 24)
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells


if __name__ == "__main__":
    if not shutil.which("promtool"):
        print("skipped: promtool is not installed (Debian package prometheus)")
        sys.exit(77)
    unittest.main(verbosity=2)
