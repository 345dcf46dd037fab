"""Our engine beside PyTorch, ONNX Runtime and rten. See README.md."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import turns  # noqa: E402, beside this folder

ROOT = HERE.parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PEER = TARGET / "release" / "examples" / "peer"
THREADS = 2
TOLERANCE = 1e-4
LENET_MACS = 784 * 300 + 300 * 100 + 100 * 10
FIRST_MACS = 784 * 300


class Row:
    """One line of the table: our work against the best of some peers' works, and the bars of the engine's issue."""

    def __init__(self, name, ours, peers, must=None, aim=None, unit="ratio"):
        self.name, self.ours, self.peers = name, ours, peers
        self.must, self.aim, self.unit = must, aim, unit


def torch_step(optimiser, batch, density, *forms):
    return [("torch", f"step:{optimiser}:{batch}:{density}:{form}") for form in forms]


def rows():
    yield Row("step b60 Adam dense / torch fused", "step:adam:60:dense", torch_step("adam", 60, "dense", "fused"), 1.1, 1.4)
    yield Row("step b60 Adam dense / torch default", "step:adam:60:dense", torch_step("adam", 60, "dense", "default"), 2, 2.6)
    for density, must, aim in [("21", 2.5, 3.5), ("3.6", 6, 10)]:
        yield Row(f"step b60 Adam {density} % / torch fused, masks", f"step:adam:60:{density}",
                  torch_step("adam", 60, density, "fused"), must, aim)
    for momentum in ("0", "0.9"):
        yield Row(f"step b128 SGD momentum {momentum} dense / better torch", f"step:sgd{momentum}:128:dense",
                  torch_step(f"sgd{momentum}", 128, "dense", "default", "fused"), 1.1, 1.4)
    bars = {("dense", 1): (1, 2), ("dense", 256): (1, 1.3), ("8", 1): (4, 8), ("8", 256): (4, 6), ("8", 10_000): (4, 6)}
    for density in ("dense", "8"):
        for batch in (1, 256, 10_000):
            work, share = f"predict:{density}:{batch}", density if density == "dense" else f"{density} %"
            for peer, name in [("onnxruntime", "ONNX Runtime"), ("torch", "torch"), ("rten", "rten")]:
                must, aim = bars.get((density, batch), (None, None)) if peer == "onnxruntime" else (None, None)
                yield Row(f"predict {share} b{batch} / {name}", work, [(peer, work)], must, aim)
    for density in ("dense", "8"):
        share = density if density == "dense" else f"{density} %"
        yield Row(f"load and first prediction, {share}", f"load:{density}", [], 1000, 200, "us")
        for peer, name in [("onnxruntime", "ONNX Runtime"), ("rten", "rten")]:
            yield Row(f"load and first prediction, {share} / {name}", f"load:{density}", [(peer, f"load:{density}")])


class Program:
    def __init__(self, name, argv):
        self.name = name
        environment = os.environ | {"RAYON_NUM_THREADS": str(THREADS), "RTEN_NUM_THREADS": str(THREADS),
                                    "OMP_NUM_THREADS": str(THREADS), "MKL_NUM_THREADS": str(THREADS)}
        self.process = subprocess.Popen([str(part) for part in argv], text=True, env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, do, work=None):
        try:
            self.process.stdin.write(json.dumps({"do": do, "work": work}) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            sys.exit(f"`{self.name}` stopped at {do} {work}; its message is above")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def check(programs, asked):
    """Every peer must answer as we do before anything is timed; gives the largest differences."""
    differences = {}
    for ours, (peer, work) in sorted({(row.ours, pair) for row in asked for pair in row.peers}):
        expected = programs["ours"].ask("answers", ours)["answers"]
        found = programs[peer].ask("answers", work)["answers"]
        if len(expected) != len(found):
            sys.exit(f"{work}: {peer} gives {len(found)} numbers, we give {len(expected)}")
        # Not `max` of differences: a NaN must not pass.
        if not all(abs(a - b) <= TOLERANCE for a, b in zip(expected, found)):
            worst = max(abs(a - b) for a, b in zip(expected, found))
            sys.exit(f"{work}: {peer} answers otherwise than we do, by up to {worst:g}: nothing is timed")
        differences[f"{peer} {work}"] = max(abs(a - b) for a, b in zip(expected, found))
    return differences


def measure(programs, asked, rounds):
    """Medians by program and work, one a round; who begins changes from round to round."""
    works = {}
    for row in asked:
        # What is compared stands together in time.
        works.setdefault(row.ours, [("ours", row.ours)]).extend(row.peers)
    found = {}
    for turn in range(rounds):
        print(f"round {turn + 1} of {rounds}", file=sys.stderr)
        for group in works.values():
            group = list(dict.fromkeys(group))
            for name, work in turns.order(group, turn):
                found.setdefault((name, work), []).append(programs[name].ask("time", work)["median_us"])
    return found


def floor_us(work, folder, machine):
    """What the arithmetic alone (nonzero weights at the rate of a large product) or reading the weights would take, whichever is more."""
    match work.split(":"):
        case ["step", _, batch, density]:
            share = 1.0 if density == "dense" else float(density) / 100
            # Forward, gradients of weights, gradients of inputs but for the first layer's.
            macs = int(batch) * share * (3 * LENET_MACS - FIRST_MACS)
            # Weights, both moments read and written.
            moved = share * LENET_MACS * 4 * 6
        case ["predict", density, batch]:
            nonzero = json.loads((folder / f"model-{density}.json").read_text())["macs_nonzero"]
            macs, moved = int(batch) * nonzero, nonzero * 4 + int(batch) * 784
        case ["load", density]:
            macs, moved = 0, json.loads((folder / f"model-{density}.json").read_text())["file_bytes"]
    return 1e6 * max(macs / machine["macs_per_second"], moved / machine["bytes_per_second"])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data-dir", help="folder with the files of MNIST; random bytes without it")
    arguments.add_argument("--rounds", type=int, default=7)
    turns.add_busy(arguments)
    arguments.add_argument("--only", default="", help="rows whose name has this text")
    arguments.add_argument("--out", type=pathlib.Path, default=HERE / "result.json")
    said = arguments.parse_args()
    asked = [row for row in rows() if said.only in row.name]
    load = turns.load(said.busy)
    if not PEER.exists():
        sys.exit("build it first: cargo build --release -p lessen-engine --example peer")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare = [PEER, "prepare", folder] + ([said.data_dir] if said.data_dir else [])
        data = json.loads(subprocess.run(prepare, check=True, stdout=subprocess.PIPE).stdout)
        programs = {name: Program(name, [PEER, name, folder]) for name in ("ours", "rten")}
        programs |= {name: Program(name, [sys.executable, HERE / "worker.py", name, folder]) for name in ("torch", "onnxruntime")}
        versions = {name: programs[name].ask("version")["version"] for name in ("torch", "onnxruntime")}
        differences = check(programs, asked)
        machine = programs["ours"].ask("floor")
        found = measure(programs, asked, said.rounds)
        for program in programs.values():
            program.end()
        table = [line(row, found, floor_us(row.ours, folder, machine)) for row in asked]
        models = {density: json.loads((folder / f"model-{density}.json").read_text()) for density in ("dense", "8")}
    result = {
        "processor": turns.processor(), "threads": THREADS, "load": load, "rounds": said.rounds, "data": data, "versions": versions,
        "floor": machine, "models": models, "largest_differences": differences, "rows": table,
        "medians_us": {f"{program} {work}": times for (program, work), times in found.items()},
    }
    said.out.write_text(json.dumps(result, indent=1) + "\n")
    show(result)


def line(row, found, floor):
    ours = found["ours", row.ours]
    entry = {"row": row.name, "ours_us": statistics.median(ours), "floor_us": floor, "must": row.must, "aim": row.aim}
    if row.unit == "us":
        value, holds = entry["ours_us"], lambda bar: entry["ours_us"] <= bar
        entry |= {"low": min(ours), "high": max(ours)}
    else:
        peers = [found[pair] for pair in row.peers]
        value, low, high = turns.ratio(ours, peers)
        entry |= {"peer_us": min(statistics.median(peer) for peer in peers), "ratio": value, "low": low, "high": high}
        holds = lambda bar: value >= bar
    # A bar holds where the ratio of medians reaches it; the interval says how sure that is.
    entry["holds"] = None if row.must is None else "aim" if holds(row.aim) else "must" if holds(row.must) else "no"
    return entry


def show(result):
    data = result["data"]
    print(f"{result['processor']}, {result['threads']} threads, load {result['load']:.1f}; rows: {data['data']}, "
          f"{100 * data['zeros']:.0f} % of their cells 0; {result['rounds']} rounds; {result['versions']}")
    print(f"{'':50} {'ours us':>9} {'floor us':>9} {'peer us':>9} {'ratio':>7} {'95 %':>15} {'must':>6} {'aim':>6}  holds")
    shown = lambda value, form: format(value, form) if value is not None else "–"
    for row in result["rows"]:
        interval = f"{row['low']:.4g} to {row['high']:.4g}"
        print(f"{row['row']:50} {row['ours_us']:9.1f} {row['floor_us']:9.1f} {shown(row.get('peer_us'), '9.1f'):>9} "
              f"{shown(row.get('ratio'), '7.2f'):>7} {interval:>15} {shown(row['must'], 'g'):>6} {shown(row['aim'], 'g'):>6}  {row['holds'] or '–'}")


if __name__ == "__main__":
    main()
