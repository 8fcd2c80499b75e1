"""The bars the relay has to reach, each judged by the median of the ratios within rounds."""
import dataclasses

from summary import figure, of_cell, ratio, ratio_of_cells, spread

NO_LESS = "at least"
NO_MORE = "at most"


@dataclasses.dataclass(frozen=True)
class Verdict:
    bar: str
    cell: str
    found: object  # Spread
    sense: str
    wanted: float
    limit: object = None  # the same of the bare loop, where that says whether a bar can be reached
    worst: bool = False  # every round has to be in, not the median

    @property
    def met(self):
        if self.worst:
            return self.found.most <= self.wanted if self.sense == NO_MORE else self.found.least >= self.wanted
        return self.found.median >= self.wanted if self.sense == NO_LESS else self.found.median <= self.wanted

    def as_json(self):
        return {"bar": self.bar, "cell": self.cell, "median": self.found.median, "least": self.found.least,
                "most": self.found.most, "rounds": self.found.count, "sense": self.sense, "wanted": self.wanted,
                "met": self.met, "bare_loop": self.limit.median if self.limit else None}


def judge(runs, against_other):
    """All that the runs can tell. `against_other`: b is another server than ours, and its bars count."""
    makers = [of_limit, of_idle, of_stopped, of_many, of_storm]
    if against_other:
        makers += [of_saturated, of_paced, of_mesh]
    return [verdict for make in makers for verdict in make(runs) if verdict.found is not None]


def of_limit(runs):
    for size in (100, 1400):
        for pairs in (1, 10, 100):
            cell = f"saturated/{pairs}x{size}"
            yield Verdict("share of the limit (its CPU per frame to ours)", cell, ratio(runs, cell, "limit", "a", "cpu_us"),
                          NO_LESS, 0.8)


def cpu_to_theirs(runs, cell, share):
    return Verdict("CPU per frame, ours to theirs", cell, ratio(runs, cell, "a", "b", "cpu_us"), NO_MORE, share,
                   ratio(runs, cell, "limit", "b", "cpu_us"))


def of_saturated(runs):
    for size, share in ((100, 1 / 8), (1400, 1 / 5)):
        for pairs in (10, 100):
            cell = f"saturated/{pairs}x{size}"
            yield cpu_to_theirs(runs, cell, share)
    for size in (100, 1400, 16384):
        for pairs in (1, 10, 100):
            cell = f"saturated/{pairs}x{size}"
            yield Verdict("most packets per second, ours to theirs", cell, ratio(runs, cell, "a", "b", "rate"), NO_LESS, 1)


def of_paced(runs):
    for size in (100, 1400):
        for pairs in (10, 100):
            for rate in (20, 50, 100):
                cell = f"paced/{rate}k-{pairs}x{size}"
                yield cpu_to_theirs(runs, cell, 1 / 3)
                for name in ("p50", "p99"):
                    yield Verdict(f"{name} of latency, ours to theirs", cell, ratio(runs, cell, "a", "b", name), NO_MORE, 1)


def of_mesh(runs):
    for size in (100, 1400):
        for name in ("p50", "p99"):
            cell = f"mesh/20k-10x{size}"
            yield Verdict(f"{name} of latency, ours to theirs", cell, ratio(runs, cell, "a", "b", name), NO_MORE, 1)


def of_idle(runs):
    cell = "idle/10000"
    grown = [run for run in runs if run["group"] == "idle" and run["server"] == "a"]
    if not grown:
        return
    clients = grown[0]["figures"]["idle_clients"]
    yield Verdict("KiB resident per idle client", cell, kib_per_client(runs, "a"), NO_MORE, 20)
    yield Verdict("share of a core while they idle", cell, share_of_core(runs, cell, "a"), NO_MORE, 0.005)
    yield Verdict("clients reached afterwards", cell, figure(runs, cell, "a", "idle_reached"), NO_LESS, clients, worst=True)


def kib_per_client(runs, server):
    figures = [run["figures"] for run in runs if run["group"] == "idle" and run["server"] == server]
    return spread([(f["idle_resident_after_kib"] - f["idle_resident_before_kib"]) / f["idle_clients"] for f in figures])


def share_of_core(runs, key, server):
    return spread([run["figures"]["server_cpu_seconds"] / run["figures"]["seconds"] for run in of_cell(runs, key)
                   if run["server"] == server])


def of_stopped(runs):
    found = ratio_of_cells(runs, "a", "stopped/stopped", "stopped/reads", "rate")
    yield Verdict("throughput of 19 pairs beside a stopped reader, to that beside one who reads", "stopped", found, NO_LESS, 0.98)


def of_many(runs):
    for cell in ("many/5000x100", "many/20k-5000x100"):
        yield Verdict("dead flows of 5,000 pairs", cell, figure(runs, cell, "a", "dead_flows"), NO_MORE, 0, worst=True)
        yield Verdict("broken connections of 5,000 pairs", cell, figure(runs, cell, "a", "broken"), NO_MORE, 0, worst=True)


def of_storm(runs):
    for cell in ("storm/storm", "storm/yields"):
        found = ratio_of_cells(runs, "a", cell, "storm/calm", "p99")
        yield Verdict("p99 beside a storm of logins, to p99 without", cell, found, NO_MORE, 2)
        yield Verdict("p99 beside a storm of logins, us", cell, figure(runs, cell, "a", "p99"), NO_MORE, 10_000)
