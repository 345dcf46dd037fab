"""Meters side by side: what they cost, and what they miss. See README.md."""

import csv
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
LESSEN = HERE.parents[2] / "target" / "release" / "lessen"
CODECARBON = pathlib.Path(sys.executable).parent / "codecarbon"
# CPU time from the start of the process on: a short process works as long as it says, its start included.
BURN = "import time,sys\nend=float(sys.argv[1])\nwhile time.process_time()<end: pass"
# One ledger for all runs, as a user has: it is made once.
STATE = tempfile.TemporaryDirectory()


def lessen(folder, command, interval="1"):
    receipt = folder / "receipt.json"
    argv = [LESSEN, "run", "--quiet", "--interval", interval, "--ledger", pathlib.Path(STATE.name) / "ledger.sqlite",
            "--receipt", receipt, "--", *command]
    return argv, lambda: json.loads(receipt.read_text())["energy"]["joules"]["value"]


def codecarbon(folder, command, interval="1"):
    (folder / ".codecarbon.config").write_text(
        f"[codecarbon]\nmeasure_power_secs={interval}\nsave_to_file=true\noutput_dir={folder}\nlog_level=error\n"
        "tracking_mode=process\nallow_multiple_runs=true\n")
    argv = [CODECARBON, "monitor", "--offline", "--country-iso-code", "FRA", "--", *command]

    def joules():
        rows = list(csv.DictReader((folder / "emissions.csv").open()))
        return float(rows[-1]["cpu_energy"]) * 3.6e6
    return argv, joules


METERS = {"lessen": lessen, "codecarbon": codecarbon}


def metered(meter, command, interval="1"):
    """Wall seconds, CPU seconds of everything, and the joules that the meter charges to the processor."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        argv, joules = meter(folder, command, interval)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run([str(part) for part in argv], cwd=folder, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, env=os.environ | {"HOME": str(folder)})
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            sys.exit(f"{argv} failed: {done.stderr.decode()}")
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        try:
            charged = joules()
        except (OSError, KeyError, IndexError, TypeError):
            charged = None
        return wall, cpu, charged


def bare(command):
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def start_and_finish(times):
    """Medians of wall seconds above the bare command, interleaved."""
    found = {name: [] for name in METERS}
    for meter in METERS.values():
        metered(meter, ["true"])
    for _ in range(times):
        base = bare(["true"])
        for name, meter in METERS.items():
            found[name].append(metered(meter, ["true"])[0] - base)
    return {name: statistics.median(values) for name, values in found.items()}


def memory(meter):
    """Largest resident bytes of the meter itself while it meters a sleeping command."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        argv, _ = meter(folder, ["sleep", "4"])
        process = subprocess.Popen([str(part) for part in argv], cwd=folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=os.environ | {"HOME": str(folder)})
        largest = 0
        while process.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            except OSError:
                break
            for line in status.splitlines():
                if line.startswith("VmHWM:"):
                    largest = max(largest, int(line.split()[1]) * 1024)
            time.sleep(0.05)
        process.wait()
        return largest


def share_of_a_core(meter, seconds):
    """CPU share of metering a sleeping command: that of start and finish, the median of several, taken off."""
    nothing = statistics.median(metered(meter, ["sleep", "0"])[1] for _ in range(5))
    _, asleep, _ = metered(meter, ["sleep", str(seconds)])
    return (asleep - nothing) / seconds


def short_children(meter):
    """Joules charged to 100 children of 0.2 s over those of one process of 20 s, as they are and by CPU second.

    A process ends some milliseconds after the last look at its clock, so a hundred of them take more than 20 s of CPU time: by the
    system's own count of what was used, the meter's own time included, the second ratio says what the meter lost of that.
    """
    _, cpu_of_one, one = metered(meter, [sys.executable, "-S", "-c", BURN, "20"])
    many = f"for i in $(seq 100); do '{sys.executable}' -S -c '{BURN}' 0.2; done"
    _, cpu_of_hundred, hundred = metered(meter, ["sh", "-c", many])
    if not one or hundred is None:
        return None, None
    return hundred / one, (hundred / cpu_of_hundred) / (one / cpu_of_one)


def main():
    result = {"start_and_finish_seconds": start_and_finish(7)}
    for name, measure in [
        ("memory_bytes", memory),
        ("share_of_a_core", lambda meter: share_of_a_core(meter, 30)),
    ]:
        result[name] = {meter_name: measure(meter) for meter_name, meter in METERS.items()}
    children = {meter_name: short_children(meter) for meter_name, meter in METERS.items()}
    result["hundred_children_over_one_process"] = {name: plain for name, (plain, _) in children.items()}
    result["the_same_by_cpu_second"] = {name: by_cpu for name, (_, by_cpu) in children.items()}
    (HERE / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    print(f"{'':36} {'lessen':>12} {'codecarbon':>12}")
    for name, found in result.items():
        print(f"{name:36} " + " ".join(f"{value:12.4g}" if value is not None else f"{'–':>12}" for value in found.values()))


if __name__ == "__main__":
    main()
