"""What benches have in common that let programs take turns on one machine."""

import os
import pathlib
import platform
import random
import statistics
import sys

# Threads that wait for each other are many times slower beside another job, and not all programs alike.
BUSY = 0.7


def add_busy(arguments):
    arguments.add_argument("--busy", action="store_true", help="measure beside other work, to try the program out")


def load(busy):
    """What the machine does beside us; ends the program where that is too much and nobody said `--busy`."""
    found = os.getloadavg()[0]
    if found > BUSY and not busy:
        sys.exit(f"something else works here (load {found:.1f}, expected at most {BUSY}): no ratio would be worth anything; "
                 "wait, or measure all the same with --busy")
    return found


def order(names, turn):
    """Who begins changes from turn to turn."""
    shift = turn % len(names)
    return names[shift:] + names[:shift]


def ratio(ours, peers):
    """Ratio of medians, the best peer's over ours, and a 95 % interval by bootstrap over rounds (rounds drawn whole)."""
    def of(picks):
        return min(statistics.median([peer[i] for i in picks]) for peer in peers) / statistics.median([ours[i] for i in picks])
    draw = random.Random(1)
    rounds = range(len(ours))
    drawn = sorted(of([draw.choice(rounds) for _ in rounds]) for _ in range(2000))
    return of(rounds), drawn[49], drawn[1949]


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if pathlib.Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()
