"""One program of several that take turns: `worker.py torch|onnxruntime FOLDER`. Answers as `crates/engine/examples/peer.rs` does."""

import json
import pathlib
import sys
import time

import numpy as np

TRAINING, PIXELS, CLASSES = 60_000, 784, 10
# The same as in peer.rs.
COMPARED_STEPS, COMPARED_ROWS = 5, 256
CALLS, LONGEST, FEWEST = 300, 1.5, 5
THREADS = 2


def timed(call):
    began = time.perf_counter()
    for _ in range(CALLS // 10):
        call()
        if time.perf_counter() - began > LONGEST / 10:
            break
    began, times = time.perf_counter(), []
    while len(times) < FEWEST or (len(times) < CALLS and time.perf_counter() - began < LONGEST):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    times.sort()
    return {"median_us": times[len(times) // 2] * 1e6, "calls": len(times)}


def test_rows(folder):
    rows = np.memmap(folder / "rows.u8", np.uint8, "r").reshape(-1, PIXELS)
    return np.ascontiguousarray(rows[TRAINING:], dtype=np.float32)


def in_turn(rows, batch):
    """Calls get other rows each time; a slice of rows is no copy."""
    place = 0
    while True:
        yield rows[place:place + batch]
        place = 0 if place + 2 * batch > len(rows) else place + batch


class OnnxRuntime:
    def __init__(self, folder):
        import onnxruntime
        self.runtime, self.folder, self.rows, self.sessions = onnxruntime, folder, test_rows(folder), {}
        self.version = onnxruntime.__version__

    def session(self, density):
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
        return self.runtime.InferenceSession(self.folder / f"model-{density}.onnx", options, ["CPUExecutionProvider"])

    def prepared(self, density):
        if density not in self.sessions:
            self.sessions[density] = self.session(density)
        return self.sessions[density]

    def load(self, density):
        return self.session(density).run(None, {"rows": self.rows[:1]})[0]

    def time(self, work):
        match work.split(":"):
            case ["predict", density, batch]:
                session, rows = self.prepared(density), in_turn(self.rows, int(batch))
                return timed(lambda: session.run(None, {"rows": next(rows)}))
            case ["load", density]:
                return timed(lambda: self.load(density))

    def answers(self, work):
        match work.split(":"):
            case ["predict", density, batch]:
                session, batch = self.prepared(density), int(batch)
                blocks = [session.run(None, {"rows": self.rows[place:place + batch]})[0]
                          for place in range(0, COMPARED_ROWS, batch)]
                return np.concatenate(blocks)[:COMPARED_ROWS]
            case ["load", density]:
                return self.load(density)


class Torch:
    """`step:OPTIMISER:BATCH:DENSITY:default|fused`, `predict:DENSITY:BATCH`."""

    def __init__(self, folder):
        import torch
        torch.set_num_threads(THREADS)
        self.torch, self.folder, self.version = torch, folder, torch.__version__
        self.rows, self.models, self.trainings = torch.from_numpy(test_rows(folder)), {}, {}
        self.inputs = None

    def training_set(self):
        """60,000 x 784 as f32 in memory, scaled as ours are."""
        if self.inputs is None:
            scaling = json.loads((self.folder / "encoding.json").read_text())[0]["pixels"]
            self.shift, self.scale = scaling["shift"], scaling["scale"]
            rows = np.fromfile(self.folder / "rows.u8", np.uint8, TRAINING * PIXELS).reshape(-1, PIXELS)
            self.inputs = (self.torch.from_numpy(rows).float() - self.shift) / self.scale
            labels = np.fromfile(self.folder / "labels.u8", np.uint8, TRAINING)
            self.labels = self.torch.from_numpy(labels).long()

    def network(self, file, widths):
        torch, values, place, layers = self.torch, np.fromfile(self.folder / file, np.float32), 0, []
        for inputs, outputs in zip([PIXELS, *widths], widths):
            layer = torch.nn.Linear(inputs, outputs)
            with torch.no_grad():
                for parameter in (layer.weight, layer.bias):
                    count = parameter.numel()
                    parameter.copy_(torch.from_numpy(values[place:place + count]).view_as(parameter))
                    place += count
            layers += [layer, torch.nn.ReLU()]
        assert place == len(values), (file, place, len(values))
        return torch.nn.Sequential(*layers[:-1])

    def model(self, density):
        if density not in self.models:
            widths = json.loads((self.folder / f"model-{density}.json").read_text())["widths"]
            self.models[density] = self.torch.nn.Sequential(
                self.network(f"model-{density}.f32", widths), self.torch.nn.Softmax(dim=1)).eval()
        return self.models[density]

    def training(self, optimiser, batch, density, form):
        """A network and what takes one step of it, on the minibatch of these indices."""
        torch = self.torch
        self.training_set()
        network = self.network(f"start-{density}.f32", [300, 100, CLASSES])
        fused = {"fused": True} if form == "fused" else {}
        if optimiser == "adam":
            step = torch.optim.Adam(network.parameters(), lr=0.0012, **fused)
        else:
            step = torch.optim.SGD(network.parameters(), lr=0.01, momentum=float(optimiser.removeprefix("sgd")), **fused)
        loss = torch.nn.CrossEntropyLoss()
        weights = [layer.weight for layer in network if hasattr(layer, "weight")]
        masks = None
        if density != "dense":
            flat, place, masks = np.fromfile(self.folder / f"mask-{density}.u8", np.uint8), 0, []
            for weight in weights:
                mask = flat[place:place + weight.numel()].astype(np.float32)
                masks.append(torch.from_numpy(mask).view_as(weight))
                place += weight.numel()

        def train(indices):
            step.zero_grad(set_to_none=True)
            loss(network(self.inputs[indices]), self.labels[indices]).backward()
            step.step()
            if masks:
                # All layers in one call: the least that re-applying masks can cost.
                with torch.no_grad():
                    torch._foreach_mul_(weights, masks)
        return network, train

    def minibatches(self, batch):
        while True:
            order = self.torch.randperm(TRAINING)
            for place in range(0, TRAINING - batch + 1, batch):
                yield order[place:place + batch]

    def time(self, work):
        match work.split(":"):
            case ["step", optimiser, batch, density, form]:
                if work not in self.trainings:
                    self.trainings[work] = (self.training(optimiser, int(batch), density, form)[1],
                                            self.minibatches(int(batch)))
                train, minibatches = self.trainings[work]
                return timed(lambda: train(next(minibatches)))
            case ["predict", density, batch]:
                model, rows = self.model(density), in_turn(self.rows, int(batch))
                with self.torch.inference_mode():
                    return timed(lambda: model(next(rows)))

    def answers(self, work):
        match work.split(":"):
            case ["step", optimiser, batch, density, form]:
                network, train = self.training(optimiser, int(batch), density, form)
                for _ in range(COMPARED_STEPS):
                    train(self.torch.arange(int(batch)))
                with self.torch.inference_mode():
                    rows = (self.rows[:COMPARED_ROWS] - self.shift) / self.scale
                    return network(rows).softmax(1).numpy()
            case ["predict", density, batch]:
                model, batch = self.model(density), int(batch)
                with self.torch.inference_mode():
                    blocks = [model(self.rows[place:place + batch]) for place in range(0, COMPARED_ROWS, batch)]
                    return self.torch.cat(blocks)[:COMPARED_ROWS].numpy()


def main():
    program = {"torch": Torch, "onnxruntime": OnnxRuntime}[sys.argv[1]](pathlib.Path(sys.argv[2]))
    for line in sys.stdin:
        request = json.loads(line)
        match request["do"]:
            case "time":
                reply = program.time(request["work"])
            case "answers":
                reply = {"answers": np.asarray(program.answers(request["work"]), np.float64).ravel().tolist()}
            case "version":
                reply = {"version": program.version}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
