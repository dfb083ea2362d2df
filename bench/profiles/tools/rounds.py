"""Times a parser over files: their names come on standard input, figures as JSON go to standard output."""

import json
import sys
import time


def measure(version, parse, minimum=2.0):
    """Calls parse(name, text) for every file, in rounds, until `minimum` seconds are over; gives the best round."""
    files = []
    for name in sys.stdin.read().splitlines():
        with open(name, encoding="utf-8") as file:
            files.append((name, file.read()))
    best = float("inf")
    refused = 0
    total = 0.0
    rounds = 0
    while rounds < 2 or total < minimum:
        refused = 0
        started = time.perf_counter()
        for name, text in files:
            if not parse(name, text):
                refused += 1
        taken = time.perf_counter() - started
        best = min(best, taken)
        total += taken
        rounds += 1
    json.dump({"version": version, "seconds": best, "refused": refused, "rounds": rounds}, sys.stdout)
