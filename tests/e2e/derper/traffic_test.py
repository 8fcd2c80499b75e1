"""/debug/traffic of the program: the stream of lines, the JSON snapshot, the page for people."""
import json
import pathlib
import ssl
import sys
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import schemas  # noqa: E402
from programs import Region, http_get  # noqa: E402


class TrafficTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.region = Region()
        cls.region.__enter__()
        cls.addClassCleanup(cls.region.__exit__, None, None, None)
        probe = cls.region.probe()
        assert probe.returncode == 0, probe.stdout + probe.stderr
        relay = cls.region.relays[0]
        cls.url = f"https://{relay.ip}:{relay.port}/debug/traffic"

    def snapshot(self, query):
        status, headers, body = http_get(f"{self.url}?format=json{query}")
        self.assertEqual(status, 200, body)
        self.assertEqual(headers["Content-Type"], "application/json; charset=utf-8")
        return schemas.check("derper.traffic.json", body)

    def test_the_snapshot_is_as_its_schema_says_and_shows_the_probes_packets(self):
        document = self.snapshot("&top=1000")
        self.assertEqual([client["mesh"] for client in document["clients"]], [True])
        self.assertEqual(document["clients"][0]["transport"], "tls1.3")
        self.assertTrue(document["flows"])
        self.assertTrue(any(flow["to_mesh"] for flow in document["flows"]))
        self.assertGreater(sum(flow["packets"] for flow in document["flows"]), 10)
        order = [flow["bytes"] for flow in document["flows"]]
        self.assertEqual(order, sorted(order, reverse=True))

    def test_top_and_sort_choose_the_rows(self):
        document = self.snapshot("&top=1&sort=age")
        self.assertEqual((document["top"], document["sort"], len(document["flows"])), (1, "age", 1))
        self.assertGreater(document["flows_total"], 1)
        for query in ("top=0", "top=x", "sort=names", "format=xml"):
            self.assertEqual(http_get(f"{self.url}?format=json&{query}" if "format" not in query
                                      else f"{self.url}?{query}")[0], 400, query)

    def test_the_stream_is_the_go_programs(self):
        context = ssl._create_unverified_context()
        with urllib.request.urlopen(self.url, timeout=20, context=context) as stream:
            first = json.loads(stream.readline())
            self.assertEqual(set(first) - {"UniqueSenders"}, {"Sent", "Recv", "Key"})
            self.assertRegex(first["Key"], "^nodekey:[0-9a-f]{64}$")
            self.assertGreater(first["Sent"], 1000)
            self.assertGreater(first["Recv"], 1000)
            self.assertEqual(stream.readline(), b"\n")  # only the mesh peer is there
            self.assertEqual(stream.readline(), b"\n")  # and says nothing for two seconds

    def test_the_page_needs_no_script_and_sorts_by_links(self):
        status, headers, body = http_get(f"{self.url}?format=html&sort=drops")
        self.assertEqual(status, 200)
        self.assertTrue(headers["Content-Type"].startswith("text/html"))
        self.assertIn("format=html&amp;sort=bytes&amp;top=50", body)
        self.assertIn("Clients", body)
        self.assertNotIn("<script", body)

    def test_access_is_as_for_profiles(self):
        request = urllib.request.Request(self.url, headers={"X-Forwarded-For": "127.0.0.1"})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=5, context=ssl._create_unverified_context())
        self.assertEqual(refused.exception.code, 403)
        refused.exception.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
