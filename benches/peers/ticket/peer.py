"""One replicate of iterative magnitude pruning (Frankle & Carbin 2019) in PyTorch: `peer.py default|fused DATA SETTINGS`.

SETTINGS is JSON, as run.py makes it; what was done is printed as JSON.
"""

import gzip
import json
import math
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

WIDTHS = (784, 300, 100, 10)
VALIDATION = 5_000


def idx(folder, name, dimensions):
    """The bytes of an IDX file, compressed or not, a row each."""
    plain = folder / name
    content = plain.read_bytes() if plain.exists() else gzip.decompress((folder / f"{name}.gz").read_bytes())
    header = np.frombuffer(content, ">i4", 1 + dimensions)
    return np.frombuffer(content, np.uint8, offset=header.nbytes).reshape(header[1], -1).squeeze()


class Rows:
    """MNIST as `f32` in memory, scaled by the mean and deviation of the training rows; labels beside it."""

    def __init__(self, data):
        folder = data / "mnist"
        given = torch.from_numpy(idx(folder, "train-images-idx3-ubyte", 3).copy())
        labels = torch.from_numpy(idx(folder, "train-labels-idx1-ubyte", 1).astype(np.int64))
        order = torch.randperm(len(given))
        training, validation = given[order[VALIDATION:]].float(), given[order[:VALIDATION]].float()
        test = torch.from_numpy(idx(folder, "t10k-images-idx3-ubyte", 3).astype(np.float32))
        deviation, mean = torch.std_mean(training, correction=0)
        for part in (training, validation, test):
            part.sub_(mean).div_(deviation)
        self.training = training, labels[order[VALIDATION:]]
        self.validation = validation, labels[order[:VALIDATION]]
        self.test = test, torch.from_numpy(idx(folder, "t10k-labels-idx1-ubyte", 1).astype(np.int64))


class Minibatches:
    """All rows in a random order, then all of them in another; the last minibatch of a pass is short. Nothing is allocated."""

    def __init__(self, rows, labels, batch):
        self.rows, self.labels = rows, labels
        self.order = torch.empty(len(rows), dtype=torch.int64)
        # Views: they show each new order.
        self.places = self.order.split(batch)
        rows_of, labels_of = rows.new_empty(batch, rows.shape[1]), labels.new_empty(batch)
        self.into = [(rows_of[:len(places)], labels_of[:len(places)]) for places in self.places]

    def __iter__(self):
        while True:
            torch.randperm(len(self.order), out=self.order)
            for places, (rows, labels) in zip(self.places, self.into):
                yield (torch.index_select(self.rows, 0, places, out=rows),
                       torch.index_select(self.labels, 0, places, out=labels))


def first_weights():
    """Glorot-normal weights, biases of 0: weight and bias of one layer after the other."""
    parameters = []
    for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
        parameters += [torch.randn(outputs, inputs) * math.sqrt(2 / (inputs + outputs)), torch.zeros(outputs)]
    return parameters


def logits(parameters, rows):
    first, first_bias, second, second_bias, third, third_bias = parameters
    hidden = torch.relu_(F.linear(rows, first, first_bias))
    hidden = torch.relu_(F.linear(hidden, second, second_bias))
    return F.linear(hidden, third, third_bias)


@torch.inference_mode()
def look(parameters, rows, labels):
    """Loss, and accuracy in percent."""
    answers = logits(parameters, rows)
    right = (answers.argmax(1) == labels).sum().item()
    return {"loss": F.cross_entropy(answers, labels).item(), "accuracy": 100 * right / len(labels)}


def train(start, masks, minibatches, rows, form, settings):
    """Trains `start`; gives the weights after the last step, and what was seen on the way."""
    parameters = [tensor.clone().requires_grad_() for tensor in start]
    weights = parameters[::2]
    optimiser = torch.optim.Adam(parameters, lr=0.0012, **({"fused": True} if form == "fused" else {}))
    steps, early, validated, tested = settings["steps"], None, 0, 0
    for step, (inputs, labels) in zip(range(1, steps + 1), minibatches):
        optimiser.zero_grad(set_to_none=True)
        F.cross_entropy(logits(parameters, inputs), labels).backward()
        if masks and settings["masks"] == "both":
            # Adam's moments stay 0 under the mask.
            torch._foreach_mul_([weight.grad for weight in weights], masks)
        optimiser.step()
        if masks:
            # All layers in one call: the least that re-applying masks can cost.
            with torch.no_grad():
                torch._foreach_mul_(weights, masks)
        if step % settings["validate_every"] == 0 or step == steps:
            validation, validated = look(parameters, *rows.validation), validated + 1
            if early is None or validation["loss"] < early["loss"]:
                early = {"loss": validation["loss"], "step": step, "parameters": [tensor.detach().clone() for tensor in parameters]}
            if step % settings["test_every"] == 0 or step == steps:
                test, tested = look(parameters, *rows.test), tested + 1
    seen = {
        "validated": validated, "tested": tested,
        "early": {"step": early["step"], "test": look(early["parameters"], *rows.test)["accuracy"]},
        "last": {"validation": validation["accuracy"], "test": test["accuracy"]},
    }
    return [tensor.detach() for tensor in parameters], seen


def without_the_smallest(weight, mask, rate):
    """The mask without the smallest of the weights that are left, by exact rank; of equals the earlier ones go."""
    left = mask.flatten().nonzero().flatten()
    going = math.floor(len(left) * rate + 0.5)
    smallest = weight.flatten()[left].abs().argsort(stable=True)[:going]
    smaller = mask.clone()
    smaller.view(-1)[left[smallest]] = 0
    return smaller


def main():
    form, data, settings = sys.argv[1], pathlib.Path(sys.argv[2]), json.loads(sys.argv[3])
    torch.set_num_threads(settings["threads"])
    # Before there are threads, so that all of them do: the moments of units that are dead become very small.
    torch.set_flush_denormal(True)
    torch.manual_seed(settings["seed"])
    rows = Rows(data)
    minibatches = iter(Minibatches(*rows.training, settings["batch"]))
    first = first_weights()
    masks = [torch.ones_like(weight) for weight in first[::2]]
    rates = [settings["rate"]] * (len(masks) - 1) + [settings["output_rate"]]
    levels = []
    for level in range(settings["rounds"] + 1):
        began = time.perf_counter()
        start = [tensor * mask for weight, bias, mask in zip(first[::2], first[1::2], masks)
                 for tensor, mask in ((weight, mask), (bias, torch.ones(())))]
        last, seen = train(start, masks if level else None, minibatches, rows, form, settings)
        left = [int(mask.sum()) for mask in masks]
        masks = [without_the_smallest(*layer) for layer in zip(last[::2], masks, rates)]
        levels.append({"left": left, "seconds": time.perf_counter() - began, **seen})
    print(json.dumps({"version": torch.__version__, "levels": levels}))


if __name__ == "__main__":
    main()
