"""What is measured: groups of cells, each a derpload command line, the same for every server."""
import dataclasses
import fnmatch

WINDOW = 16  # packets outstanding in each flow of a closed loop


@dataclasses.dataclass(frozen=True)
class Shape:
    """How much a server finds at each read follows from these: compare runs of the same shape only."""
    window: int = WINDOW
    burst: int = 0  # frames of one source in one write; 0: all it may send

    @property
    def text(self):
        return f"window {self.window}, " + (f"{self.burst} frames a write" if self.burst else "a source's frames in one write")

    @property
    def flags(self):
        return ["-window", str(self.window), "-burst", str(self.burst)]


@dataclasses.dataclass(frozen=True)
class Cell:
    group: str
    name: str
    flags: tuple  # of derpload
    servers: tuple = ("a", "b")  # who takes part
    mesh: bool = False
    workers: int = 0  # threads of the server; 0: its own choice
    warm_up: float = 1
    seconds: float = 3  # the least time of the measurement

    @property
    def key(self):
        return f"{self.group}/{self.name}"


SIZES = (100, 1400, 16384)
PAIRS = (1, 10, 100)
RATES = (20_000, 50_000, 100_000)
WITH_LIMIT = ("a", "b", "limit")


def saturated(shape):
    return [Cell("saturated", f"{pairs}x{size}", ("-pairs", str(pairs), "-size", str(size), *shape.flags), WITH_LIMIT)
            for size in SIZES for pairs in PAIRS]


def paced(shape):
    return [Cell("paced", f"{rate // 1000}k-{pairs}x{size}",
                 ("-pairs", str(pairs), "-size", str(size), "-rate", str(rate), "-burst", str(shape.burst)), WITH_LIMIT)
            for size in SIZES[:2] for pairs in PAIRS[1:] for rate in RATES]


def mesh(shape):
    flags = ("-shape", "mesh", "-pairs", "10")
    return [Cell("mesh", f"10x{size}", (*flags, "-size", str(size), *shape.flags), mesh=True) for size in SIZES[:2]] + [
        Cell("mesh", f"20k-10x{size}", (*flags, "-size", str(size), "-rate", "20000"), mesh=True) for size in SIZES[:2]]


def idle(_shape):
    # A minute, so that each client had its keep-alive.
    return [Cell("idle", "10000", ("-idle", "10000", "-settle", "5s"), seconds=60)]


def storm(_shape):
    traffic = ("-pairs", "10", "-size", "1400", "-rate", "10000")
    return [Cell("storm", "calm", traffic),
            Cell("storm", "storm", (*traffic, "-storm-parallel", "16")),
            # Its clients as if on another machine: they take nobody's turn here.
            Cell("storm", "yields", (*traffic, "-storm-parallel", "16", "-storm-yields"))]


def stopped(shape):
    # Two runs alike but for one thing: the one reader reads all that comes to it, or nothing.
    traffic = ("-pairs", "20", "-size", "1400", "-slow-readers", "1", "-slow-packets", "1000", *shape.flags)
    return [Cell("stopped", "reads", (*traffic, "-slow-rate", "100000000")),
            Cell("stopped", "stopped", (*traffic, "-slow-rate", "0"))]


def many(_shape):
    return [Cell("many", "5000x100", ("-pairs", "5000", "-size", "100", "-window", "4"), seconds=5),
            Cell("many", "20k-5000x100", ("-pairs", "5000", "-size", "100", "-rate", "20000"), seconds=5)]


def workers(shape):
    return [Cell("workers", f"{count}-10x1400", ("-pairs", "10", "-size", "1400", *shape.flags), WITH_LIMIT, workers=count)
            for count in (1, 2)]


def shapes(_shape):
    """The saturated middle cell in other shapes, and paced loads whose packets leave every millisecond."""
    bursts = [Cell("shapes", f"every-ms-{rate // 1000}k-10x{size}",
                   ("-pairs", "10", "-size", str(size), "-rate", str(rate), "-tick", "1ms"), WITH_LIMIT)
              for size in SIZES[:2] for rate in RATES]
    return bursts + [Cell("shapes", f"window{window}-10x{size}", ("-pairs", "10", "-size", str(size), *Shape(window).flags), WITH_LIMIT)
            for size in SIZES[:2] for window in (4, 16, 32)] + [
        Cell("shapes", f"burst1-10x{size}", ("-pairs", "10", "-size", str(size), *Shape(WINDOW, 1).flags), WITH_LIMIT)
        for size in SIZES[:2]]


GROUPS = {"saturated": saturated, "paced": paced, "mesh": mesh, "idle": idle, "storm": storm, "stopped": stopped,
          "many": many, "workers": workers, "shapes": shapes}


def choose(patterns, shape):
    """The cells that any of the comma-separated patterns names: a group, or GROUP/NAME with * and ?."""
    chosen = []
    everything = [cell for name, make in GROUPS.items() for cell in make(shape)]
    for pattern in patterns.split(","):
        found = [cell for cell in everything
                 if pattern in ("all", cell.group) and (cell.group != "shapes" or pattern == "shapes")
                 or fnmatch.fnmatch(cell.key, pattern)]
        if not found:
            raise ValueError(f"no cell is called {pattern}; groups: all, {', '.join(GROUPS)}")
        chosen += [cell for cell in found if cell not in chosen]
    return chosen
