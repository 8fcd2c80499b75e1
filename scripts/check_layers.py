#!/usr/bin/env python3
"""Refuses includes that point upward or sideways, and library headers outside their home folder.

docs/architecture.md shows the same table as a picture. Run from anywhere; exits 1 and names each
offending line. The layers are those of the folders; a folder may always include itself.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

COMMON_ALL = ["base", "crypto", "wire", "stun", "derpmap", "metrics", "cli", "config", "net", "http", "secrets", "derp",
              "diagnosis"]
ALLOWED = {
    "common/base": [],
    "common/crypto": ["base"],
    "common/wire": ["base", "crypto"],
    "common/stun": ["base"],
    "common/derpmap": ["base"],
    "common/metrics": ["base"],
    "common/cli": ["base"],
    "common/config": ["base", "cli", "derpmap"],
    "common/net": ["base", "crypto"],
    "common/http": ["base", "net"],
    "common/secrets": ["base", "http"],
    "common/derp": ["base", "crypto", "wire", "net", "http", "derpmap"],
    "common/diagnosis": COMMON_ALL,
}
PROGRAMS = ["derper", "derpprobe", "stunc", "netcheck"]

# Which folders may name a library's headers.
HOMES = {
    r"openssl/": ["common/net"],
    r"uv\.h": ["common/net"],
    r"ares": ["common/net"],
    r"curl/": ["common/http"],
    r"wslay/": ["common/http"],
    r"gperftools/": ["derper"],
    r"sodium": ["common/crypto"],
    r"CLI/": ["common/cli"],
    r"prometheus/": ["common/metrics"],
    r"yaml-cpp/": ["common/derpmap"],
    r"sqlite3": ["derpprobe/history"],
    r"catch2/": ["tests"],
}
HEADER_FREE = ["nlohmann/"]  # Readers and writers may use it, headers may not: it costs seconds per file.

QUOTED = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
ANGLED = re.compile(r"^\s*#\s*include\s+<([^>]+)>")


def home_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "common" else parts[0]


def problem(path, line):
    home = home_of(path)
    quoted = QUOTED.match(line)
    if quoted:
        target = home_of(quoted.group(1))
        if "/" not in quoted.group(1):
            return "include paths start at the repository root"
        if home == "tests" or target == home:
            return None
        if home in PROGRAMS:
            return None if target.startswith("common/") else f"{home} must not include {target}"
        allowed = ["common/" + name for name in ALLOWED.get(home, [])]
        return None if target in allowed else f"{home} must not include {target}"
    angled = ANGLED.match(line)
    if angled:
        for pattern, homes in HOMES.items():
            at_home = any(path.startswith(each + "/") for each in homes)
            if re.match(pattern, angled.group(1)) and not at_home and home != "tests":
                return f"<{angled.group(1)}> belongs to {', '.join(homes)}"
        if path.endswith(".h") and home != "tests":
            for prefix in HEADER_FREE:
                if angled.group(1).startswith(prefix):
                    return f"<{angled.group(1)}> must stay out of headers"
    return None


SMALL_SINS = [
    (re.compile(r"^\s*using namespace\b"), lambda path: path.endswith(".h"), "using namespace in a header"),
    (re.compile(r"std::(mutex|lock_guard|unique_lock|scoped_lock|condition_variable)\b"),
     lambda path: path != "common/base/mutex.h", "use common/base/mutex.h"),
    (re.compile(r"std::sto(i|l|ul|ll|ull|d|f)\b"), lambda path: True, "use std::from_chars"),
    (re.compile(r"\b(sleep_for|usleep|nanosleep)\b"), lambda path: path.startswith("tests/") and "bench" not in path,
     "tests wait on conditions"),
]


def main():
    bad = 0
    for top in ["common", *PROGRAMS, "tests"]:
        for file in sorted((ROOT / top).rglob("*")):
            if file.suffix not in (".h", ".cc"):
                continue
            path = str(file.relative_to(ROOT))
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                found = problem(path, line)
                sins = [text for pattern, applies, text in SMALL_SINS if applies(path) and pattern.search(line)]
                for text in ([found] if found else []) + sins:
                    print(f"{path}:{number}: {text}")
                    bad += 1
    if bad:
        print(f"{bad} breaches of the layers")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
