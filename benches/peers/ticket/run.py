"""Lottery tickets by our engine beside PyTorch. See README.md."""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import turns  # noqa: E402, beside this folder

ROOT = HERE.parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
STEPS, FULL_STEPS = 5_000, 50_000
# What both sides are told; `lessen` has the paper's rates, batch and learning rate as defaults.
SETTINGS = {"threads": 2, "seed": 1, "batch": 60, "rounds": 20, "rate": 0.2, "output_rate": 0.1,
            "validate_every": 100, "test_every": 500}
# How many times as long the peers must take, and the most minutes of a replicate at full length.
BARS = {"torch fused": 2.5, "torch default": 4}
FULL_MINUTES = 12
SHOWN = (0, 7, 15)


def metered(argv):
    """What a program prints, its wall seconds from start to end, and its CPU seconds."""
    environment = os.environ | {name: str(SETTINGS["threads"]) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([str(part) for part in argv], capture_output=True, text=True, env=environment)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{argv} failed: {done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, {"seconds": wall, "cpu_seconds": cpu}


def ours(said, steps):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "ticket"
        options = {"arch": "lenet-300-100", "steps": steps, "rounds": SETTINGS["rounds"], "replicates": 1, "reinit": 0,
                   "validate-every": SETTINGS["validate_every"], "test-every": SETTINGS["test_every"],
                   "seed": SETTINGS["seed"], "threads": SETTINGS["threads"], "out": folder, "data-dir": said.data_dir}
        argv = [said.lessen, "ticket", "mnist", *(part for key, value in options.items() for part in (f"--{key}", value))]
        _, cost = metered(argv)
        trainings = sorted(folder.glob("replicate-1/level-*/ticket"))
        return cost | {"levels": [level_of(training) for training in trainings]}


def level_of(folder):
    training, receipt = (json.loads((folder / f"{name}.json").read_text()) for name in ("training", "receipt"))
    early, last = training["early"], training["last"]
    return {
        "left": training["left"], "seconds": receipt["seconds"], "cpu_seconds": receipt["cpu_seconds"],
        "validated": len(training["looks"]), "tested": sum(look["test"] is not None for look in training["looks"]),
        "early": {"step": early["step"], "test": early["test"]["quality"]},
        "last": {"validation": last["validation"]["quality"], "test": last["test"]["quality"]},
    }


def torch(form):
    def once(said, steps):
        settings = json.dumps(SETTINGS | {"steps": steps, "masks": said.masks})
        printed, cost = metered([sys.executable, HERE / "peer.py", form, said.data_dir, settings])
        return cost | json.loads(printed)
    return once


CONTENDERS = {"ours": ours, "torch default": torch("default"), "torch fused": torch("fused")}


def check(name, run):
    """All must have done the same work: the same weights left and as many looks at the rows, level by level."""
    first = {key: [level[key] for level in run["ours"][0]["levels"]] for key in ("left", "validated", "tested")}
    for key, expected in first.items():
        found = [level[key] for level in run[name][-1]["levels"]]
        if len(found) != SETTINGS["rounds"] + 1 or found != expected:
            sys.exit(f"`{name}` did other work than we did, `{key}` by level: {found}, we: {expected}")


def measure(said):
    """All runs by contender; who begins changes from round to round."""
    found = {name: [] for name in CONTENDERS}
    names = list(CONTENDERS)
    for turn in range(said.rounds_of_turns):
        for name in turns.order(names, turn):
            print(f"round {turn + 1} of {said.rounds_of_turns}: {name}", file=sys.stderr)
            found[name].append(CONTENDERS[name](said, said.steps))
        for name in names:
            check(name, found)
    return found


def trainings(run):
    return sum(level["seconds"] for level in run["levels"])


def line(name, found, steps):
    wall = {who: [run["seconds"] for run in found[who]] for who in ("ours", name)}
    levels = found[name][-1]["levels"]
    entry = {
        "row": name, "seconds": statistics.median(wall[name]),
        "cpu_seconds": statistics.median(run["cpu_seconds"] for run in found[name]),
        "trainings_seconds": statistics.median(map(trainings, found[name])),
        "test_accuracy": {str(level): levels[level]["early"]["test"] for level in SHOWN},
    }
    if name in BARS:
        value, low, high = turns.ratio(wall["ours"], [wall[name]])
        inside = {who: [trainings(run) for run in found[who]] for who in ("ours", name)}
        within = turns.ratio(inside["ours"], [inside[name]])[0]
        # The bar is one of trainings at this length: others spend other shares of their time on starting.
        holds = value >= BARS[name] if steps == STEPS else None
        entry |= {"ratio": value, "low": low, "high": high, "trainings_ratio": within, "bar": BARS[name], "holds": holds}
    return entry


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data-dir", type=pathlib.Path, required=True, help="folder with the folder `mnist`")
    arguments.add_argument("--lessen", type=pathlib.Path, default=TARGET / "release" / "lessen", help="the program to measure")
    arguments.add_argument("--rounds-of-turns", type=int, default=3)
    arguments.add_argument("--steps", type=int, default=STEPS, help="minibatches of each training")
    arguments.add_argument("--masks", choices=("both", "weights"), default="weights",
                           help="what PyTorch multiplies with masks: gradients and weights, or weights alone")
    arguments.add_argument("--full", action="store_true", help="ours alone, once, at full length")
    turns.add_busy(arguments)
    arguments.add_argument("--out", type=pathlib.Path, default=HERE / "result.json")
    said = arguments.parse_args()
    load = turns.load(said.busy)
    if not said.lessen.exists():
        sys.exit("build it first: cargo build --release")
    version = subprocess.run([said.lessen, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]
    settings = SETTINGS | {"steps": FULL_STEPS if said.full else said.steps}
    part = {"processor": turns.processor(), "load": load, "versions": {"lessen": version}, "settings": settings}
    if said.full:
        run = ours(said, FULL_STEPS)
        minutes = run["seconds"] / 60
        part |= {"minutes": minutes, "bar_minutes": FULL_MINUTES, "holds": minutes <= FULL_MINUTES, "run": run}
    else:
        found = measure(said)
        part["versions"]["torch"] = found["torch default"][-1]["version"]
        part["settings"] |= {"masks": said.masks}
        part |= {"rounds": said.rounds_of_turns, "rows": [line(name, found, said.steps) for name in found], "runs": found}
    # The other part stays as it was measured.
    kept = json.loads(said.out.read_text()) if said.out.exists() else {}
    said.out.write_text(json.dumps(kept | {"full" if said.full else "turns": part}, indent=1) + "\n")
    (show_full if said.full else show)(part)


def heading(part):
    settings = part["settings"]
    return (f"{part['processor']}, {settings['threads']} threads, load {part['load']:.1f}; {settings['rounds'] + 1} trainings of "
            f"{settings['steps']} steps; {part['versions']}")


def show(part):
    print(f"{heading(part)}; {part['rounds']} rounds")
    shown = lambda value, form: format(value, form) if value is not None else "–"
    print(f"{'':14} {'s':>8} {'CPU s':>8} {'trainings s':>11} {'ratio':>7} {'95 %':>15} {'trainings':>9} {'bar':>5} {'holds':>5}  "
          "test accuracy, early stop, levels " + ", ".join(map(str, SHOWN)))
    for row in part["rows"]:
        interval = f"{row['low']:.4g} to {row['high']:.4g}" if "low" in row else "–"
        holds = {True: "yes", False: "no", None: "–"}[row.get("holds")]
        print(f"{row['row']:14} {row['seconds']:8.1f} {row['cpu_seconds']:8.1f} {row['trainings_seconds']:11.1f} "
              f"{shown(row.get('ratio'), '.2f'):>7} {interval:>15} {shown(row.get('trainings_ratio'), '.2f'):>9} "
              f"{shown(row.get('bar'), 'g'):>5} {holds:>5}  " + ", ".join(f"{value:.2f}" for value in row["test_accuracy"].values()))


def show_full(part):
    print(heading(part))
    print(f"one replicate in {part['minutes']:.2f} min, at most {part['bar_minutes']}: {'holds' if part['holds'] else 'does not hold'}")


if __name__ == "__main__":
    main()
