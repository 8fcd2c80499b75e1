"""Statistics, choice of cells, verdicts and pictures of tests/bench/run, on made-up runs."""
import pathlib
import sys
import unittest
import xml.dom.minidom

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import bars  # noqa: E402
import cells  # noqa: E402
import pictures  # noqa: E402
import summary  # noqa: E402
import svg  # noqa: E402
import table  # noqa: E402


def run(key, server, number, **figures):
    group, name = key.split("/")
    labels = {"a": "ours", "b": "theirs", "limit": "bare loop"}
    return {"group": group, "cell": name, "server": server, "label": labels[server], "round": number,
            "figures": {"stolen_seconds": 0, "seconds": 3, "others_cpu_seconds": 0, **figures}}


def rounds(key, figure, **servers):
    return [run(key, server, number + 1, **{figure: value})
            for server, values in servers.items() for number, value in enumerate(values)]


def verdict(runs, bar, cell, other=True):
    return next(found for found in bars.judge(runs, other) if found.bar.startswith(bar) and found.cell == cell)


class SummaryTest(unittest.TestCase):
    def test_a_spread_is_the_median_with_least_and_most(self):
        self.assertEqual(summary.spread([3, 1, None, 10]), summary.Spread(3, 1, 10, 3))

    def test_nothing_measured_is_no_spread(self):
        self.assertIsNone(summary.spread([None]))

    def test_ratios_are_taken_within_a_round(self):
        # The machine was twice as slow in the second round: the ratio does not show it.
        runs = rounds("saturated/1x100", "cpu_us", a=[1, 2, 1], b=[4, 8, 5])
        self.assertEqual(summary.ratio(runs, "saturated/1x100", "a", "b", "cpu_us"), summary.Spread(0.25, 0.2, 0.25, 3))

    def test_a_round_that_one_server_lacks_is_left_out_of_the_ratio(self):
        runs = rounds("saturated/1x100", "cpu_us", a=[1, 2], b=[4])
        self.assertEqual(summary.ratio(runs, "saturated/1x100", "a", "b", "cpu_us").count, 1)

    def test_two_cells_of_one_server_are_compared_within_a_round(self):
        runs = rounds("storm/calm", "p99", a=[100, 300]) + rounds("storm/storm", "p99", a=[150, 600])
        self.assertEqual(summary.ratio_of_cells(runs, "a", "storm/storm", "storm/calm", "p99"), summary.Spread(1.75, 1.5, 2, 2))

    def test_a_run_beside_which_others_worked_or_time_was_stolen_is_disturbed(self):
        quiet, busy = run("idle/10000", "a", 1, others_cpu_seconds=0.1), run("idle/10000", "a", 2, others_cpu_seconds=0.2)
        robbed = run("idle/10000", "a", 3, stolen_seconds=0.2)
        self.assertEqual(summary.disturbed([quiet, busy, robbed]), [busy, robbed])


class CellsTest(unittest.TestCase):
    def test_a_group_a_pattern_and_a_name_choose_cells(self):
        shape = cells.Shape()
        self.assertEqual(len(cells.choose("saturated", shape)), 9)
        self.assertEqual([cell.name for cell in cells.choose("saturated/*x1400", shape)], ["1x1400", "10x1400", "100x1400"])
        self.assertEqual(len(cells.choose("idle,saturated/1x100,idle", shape)), 2)

    def test_all_is_every_group_but_the_other_shapes(self):
        groups = {cell.group for cell in cells.choose("all", cells.Shape())}
        self.assertEqual(groups, set(cells.GROUPS) - {"shapes"})

    def test_an_unknown_name_is_refused(self):
        with self.assertRaises(ValueError):
            cells.choose("saturated,nonsense", cells.Shape())

    def test_the_shape_reaches_every_saturated_cell(self):
        for cell in cells.choose("saturated", cells.Shape(window=4, burst=1)):
            self.assertEqual(cell.flags[-4:], ("-window", "4", "-burst", "1"))


class BarsTest(unittest.TestCase):
    def test_the_share_of_the_limit_is_its_cost_to_ours(self):
        for ours, met in ((1.25, True), (1.26, False)):
            found = verdict(rounds("saturated/10x100", "cpu_us", a=[ours], limit=[1.0]), "share of the limit", "saturated/10x100")
            self.assertEqual(found.met, met)

    def test_cpu_per_frame_is_judged_by_size(self):
        small = rounds("saturated/10x100", "cpu_us", a=[1.0], b=[8.0])
        large = rounds("saturated/10x1400", "cpu_us", a=[1.0], b=[4.9])
        self.assertTrue(verdict(small, "CPU per frame", "saturated/10x100").met)
        self.assertFalse(verdict(large, "CPU per frame", "saturated/10x1400").met)

    def test_what_the_bare_loop_would_reach_stands_beside_a_bar_on_cpu(self):
        runs = rounds("paced/20k-10x100", "cpu_us", a=[24.0], b=[40.0], limit=[20.0])
        found = verdict(runs, "CPU per frame", "paced/20k-10x100")
        self.assertFalse(found.met)
        self.assertEqual(found.limit.median, 0.5)

    def test_another_build_of_ours_is_not_judged_by_the_bars_for_others(self):
        runs = rounds("saturated/10x100", "cpu_us", a=[1.0], b=[1.0], limit=[1.0])
        self.assertEqual({found.bar.split(" (")[0] for found in bars.judge(runs, False)}, {"share of the limit"})

    def test_memory_and_cpu_of_idle_clients(self):
        runs = [run("idle/10000", "a", 1, idle_clients=10000, idle_resident_before_kib=20000, idle_resident_after_kib=210000,
                    idle_reached=9999, server_cpu_seconds=0.015)]
        self.assertTrue(verdict(runs, "KiB resident", "idle/10000").met)
        self.assertTrue(verdict(runs, "share of a core", "idle/10000").met)
        self.assertFalse(verdict(runs, "clients reached", "idle/10000").met)

    def test_one_dead_pair_in_any_round_misses_the_bar(self):
        runs = rounds("many/5000x100", "dead_flows", a=[0, 0, 1])
        self.assertFalse(verdict(runs, "dead flows", "many/5000x100").met)

    def test_what_was_not_run_is_not_judged(self):
        self.assertEqual(bars.judge([], True), [])


class OutputTest(unittest.TestCase):
    def runs(self):
        return (rounds("saturated/1x100", "cpu_us", a=[1.0, 1.5], b=[4.0, 5.0], limit=[1.0, 1.0])
                + rounds("paced/20k-10x100", "p99", a=[300.0], b=[4000.0]))

    def test_pictures_are_well_formed_and_only_of_what_was_run(self):
        drawn = {name: text for name, text in pictures.draw(self.runs()).items() if text}
        self.assertEqual(set(drawn), {"saturated-cpu", "limit-share", "paced-p99"})
        for text in drawn.values():
            xml.dom.minidom.parseString(text)

    def test_a_bar_of_each_server_stands_in_the_picture(self):
        text = pictures.draw(self.runs())["saturated-cpu"]
        self.assertEqual(text.count("<rect"), 3 + 3)  # the legend's and the bars

    def test_ticks_are_round_and_cover_the_most(self):
        self.assertEqual(svg.steps(9.3), [0, 2, 4, 6, 8, 10])
        self.assertEqual(svg.decades(190, 4000), [100, 1000, 10000])

    def test_the_table_has_medians_and_ratios(self):
        text = table.text(self.runs())
        self.assertIn("ours         1.25 (1.00 to 1.50) us/frame", text)
        self.assertIn("ours to theirs 0.28 (0.25 to 0.30)", text)


if __name__ == "__main__":
    unittest.main()
