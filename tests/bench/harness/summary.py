"""Medians with least and most, ratios within a round. Nothing here starts or reads anything."""
import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Spread:
    median: float
    least: float
    most: float
    count: int

    def text(self, form="{:.2f}"):
        return f"{form.format(self.median)} ({form.format(self.least)} to {form.format(self.most)})"


def spread(values):
    """Of what is there; None when nothing is."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return Spread(statistics.median(values), min(values), max(values), len(values))


def of_cell(runs, key):
    group, _, name = key.partition("/")
    return [run for run in runs if run["group"] == group and run["cell"] == name]


def values(runs, key, server, figure):
    """{round: value} of one server in one cell."""
    return {run["round"]: run["figures"].get(figure) for run in of_cell(runs, key) if run["server"] == server}


def figure(runs, key, server, name):
    return spread(values(runs, key, server, name).values())


def ratio(runs, key, over, under, name):
    """Of two servers within a round, so that a machine that changes its pace between rounds does no harm."""
    top, bottom = values(runs, key, over, name), values(runs, key, under, name)
    return spread([top[number] / bottom[number] for number in top
                   if top[number] is not None and bottom.get(number)])


def ratio_of_cells(runs, server, over, under, name):
    """Of one server in two cells within a round."""
    top, bottom = values(runs, over, server, name), values(runs, under, server, name)
    return spread([top[number] / bottom[number] for number in top
                   if top[number] is not None and bottom.get(number)])


def keys(runs):
    """Of all cells that were run, in the order of their first run."""
    return list(dict.fromkeys(f"{run['group']}/{run['cell']}" for run in runs))


def disturbed(runs, share=0.05):
    """Runs during which others took more than this share of a core."""
    return [run for run in runs
            if (run["figures"].get("others_cpu_seconds") or 0) + run["figures"]["stolen_seconds"]
            > share * run["figures"]["seconds"]]
