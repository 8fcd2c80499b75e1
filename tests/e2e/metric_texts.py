"""Reads Prometheus texts and docs/metrics.md for the tests that compare the two."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def families(text):
    """name -> (type, label names) of a Prometheus text."""
    out = {}
    for line in text.splitlines():
        if declared := re.match(r"# TYPE (\S+) (\S+)$", line):
            out[declared.group(1)] = (declared.group(2), set())
        elif sample := re.match(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? \S+$", line):
            name = sample.group(1)
            if name not in out:
                name = re.sub(r"_(bucket|sum|count)$", "", name)
            out[name][1].update(re.findall(r'(\w+)="', sample.group(3) or ""))
        else:
            assert line.startswith("# HELP "), line
    return out


def documented(program):
    """The same from the table of a program's section of docs/metrics.md, and the section's text."""
    section = (ROOT / "docs/metrics.md").read_text().split(f"\n## {program}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*)\|", section, re.M)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}, section


def named_metrics(text):
    """The derpprobe_* metrics an expression or file names, histogram parts under their family's name."""
    names = set(re.findall(r"\bderpprobe_[a-z0-9_]+", text))
    return {re.sub(r"_seconds_(bucket|count|sum)$", "_seconds", name) for name in names}
