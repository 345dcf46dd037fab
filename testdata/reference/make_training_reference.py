"""Trains four tiny networks with PyTorch and writes what `crates/engine/tests/reference.rs` compares with.

Everything is computed in double precision from inputs and start weights that are single-precision numbers, so that a
difference found by the test is the engine's own rounding. How far PyTorch's own single precision strays from the same
reference is stored beside it: that is what the test's tolerances are chosen by.

    python3 -m venv .venv && .venv/bin/pip install torch numpy
    .venv/bin/python testdata/reference/make_training_reference.py

Weights are `[outputs][inputs]` row-major, as in PyTorch and in lessen; `recipe` is lessen's `Recipe` as JSON.
"""

import json
import math
import pathlib
import platform

import torch
from torch.nn import functional

ROWS, FEATURES, CLASSES = 19, 5, 3  # One whole register of 16 rows and a part of one.
STEPS = 20
SEED = 1
NETS = {
    "tanh 5-6-4-3": ("tanh", [6, 4]),
    "relu 5-7-3": ("relu", [7]),
    "leaky_relu 5-6-3": ("leaky_relu", [6]),
    "sigmoid 5-6-3": ("sigmoid", [6]),
}
SLOPE = 0.25  # Of the leaky ReLU, and exact in single precision.

ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
COSINE = {"cosine": {"steps": STEPS, "warm_up": 4}}
DOWN = {"steps": {"at": [6, 13], "factor": 0.5, "warm_up": 0}}


def recipe(optimiser, schedule="constant", weight_decay=0.0, **more):
    return {"batch": ROWS, "optimiser": optimiser, "schedule": schedule, "weight_decay": weight_decay, **more}


def sgd(rate, momentum, nesterov=False):
    return {"sgd": {"rate": rate, "momentum": momentum, "nesterov": nesterov}}


def adam(rate):
    return {"adam": {"rate": rate, **ADAM}}


# PyTorch's SGD adds the decay to the gradient. Without momentum that is the same as taking it from the weight; with
# momentum it is another algorithm, which is lessen's L2 penalty.
RECIPES = {
    "sgd": recipe(sgd(0.2, 0.0)),
    "sgd, decay": recipe(sgd(0.2, 0.0), weight_decay=0.1),
    "momentum": recipe(sgd(0.05, 0.9)),
    "momentum, cosine": recipe(sgd(0.05, 0.9), COSINE),
    "adam": recipe(adam(0.02)),
    "adam, decay": recipe(adam(0.02), weight_decay=0.1),
    "adam, decay, cosine": recipe(adam(0.02), COSINE, weight_decay=0.1),
}
# With the labels and the net of ReLUs only.
MORE_RECIPES = {
    "nesterov": recipe(sgd(0.05, 0.9, nesterov=True)),
    "steps": recipe(sgd(0.2, 0.0), DOWN),
    "momentum, l2": recipe(sgd(0.05, 0.9), penalty={"l1": 0.0, "l2": 0.1}),
    "clip": recipe(sgd(0.2, 0.0), clip=0.125),
    "nesterov, steps, l2, clip": recipe(
        sgd(0.05, 0.9, nesterov=True), DOWN, penalty={"l1": 0.0, "l2": 0.05}, clip=0.25
    ),
}
# With the labels and the nets that are not the first two.
FEW_RECIPES = ["momentum", "adam"]
# With the net of tanh and momentum only.
LOSSES = ["logits", "probabilities", "taught", "weighted"]
BLEND = {"temperature": 2.0, "soft": 0.75, "hard": 0.5}
WEIGHTS = {"labels": 0.5, "logits": 0.25, "probabilities": 2.0}


def main():
    torch.manual_seed(SEED)
    inputs = torch.randn(ROWS, FEATURES)
    labels = torch.randint(CLASSES, (ROWS,))
    soft = functional.softmax(2.0 * torch.randn(ROWS, CLASSES), dim=1)
    # From a generator of its own, so that what was drawn before there were logits stays.
    logits = 2.0 * torch.randn(ROWS, CLASSES, generator=torch.Generator().manual_seed(SEED))
    data = {"labels": labels, "soft": soft, "logits": logits}
    nets, cases = [], []
    for name, (activation, hidden) in NETS.items():
        start = start_layers(hidden)
        with torch.no_grad():
            answers = forward(as_type(start, torch.float64), activation, inputs.double())
        nets.append({
            "name": name,
            "activation": activation,
            "layers": layers_as_json(start),
            "predictions": flat(functional.softmax(answers, dim=1)),
        })
        for targets_name, recipe_name, its_recipe in trials(activation):
            problem = (start, activation, inputs, (targets_name, data), its_recipe)
            cases.append({
                "name": f"{name}, {targets_name}, {recipe_name}",
                "net": name,
                "targets": targets_name,
                "recipe": its_recipe,
                **reference(*problem),
            })
    document = {
        "made_with": {"python": platform.python_version(), "torch": torch.__version__},
        "single_precision": {
            what: max(case.pop(what) for case in cases) for what in ("losses_off_by", "weights_off_by")
        },
        "rows": ROWS,
        "features": FEATURES,
        "classes": CLASSES,
        "inputs": flat(inputs),
        "labels": labels.tolist(),
        "soft": flat(soft),
        "logits": flat(logits),
        "slope": SLOPE,
        "blend": BLEND,
        "weights": WEIGHTS,
        "nets": nets,
        "cases": cases,
    }
    path = pathlib.Path(__file__).with_name("training.json")
    path.write_text(as_text(document))


def trials(activation):
    """Which targets are learned by which recipes."""
    if activation in ("tanh", "relu"):
        yield from ((targets, *pair) for targets in ("labels", "soft") for pair in RECIPES.items())
    else:
        yield from (("labels", name, RECIPES[name]) for name in FEW_RECIPES)
    if activation == "relu":
        yield from (("labels", *pair) for pair in MORE_RECIPES.items())
    if activation == "tanh":
        yield from ((targets, "momentum", RECIPES["momentum"]) for targets in LOSSES)


def loss_of(name, logits, data):
    """The mean over rows of the loss of this name."""
    wanted = data[name].to(logits.dtype) if name in ("soft", "logits") else None
    rows = logits.shape[0]
    if name == "labels":
        return functional.cross_entropy(logits, data["labels"])
    if name == "soft":
        return functional.cross_entropy(logits, wanted)
    if name == "logits":
        return 0.5 * functional.mse_loss(logits, wanted, reduction="sum") / rows
    if name == "probabilities":
        found = functional.softmax(logits, dim=1)
        return 0.5 * functional.mse_loss(found, data["soft"].to(logits.dtype), reduction="sum") / rows
    if name == "weighted":
        return sum(weight * loss_of(part, logits, data) for part, weight in WEIGHTS.items())
    assert name == "taught"
    temperature = BLEND["temperature"]
    softened = loss_of("soft", logits / temperature, data)
    return BLEND["soft"] * temperature**2 * softened + BLEND["hard"] * loss_of("labels", logits, data)


def start_layers(hidden):
    """PyTorch's own start weights and biases, so biases are not 0."""
    widths = [FEATURES, *hidden, CLASSES]
    layers = [torch.nn.Linear(*pair) for pair in zip(widths, widths[1:])]
    return [(layer.weight.detach(), layer.bias.detach()) for layer in layers]


def forward(layers, activation, values):
    *hidden, (last_weight, last_bias) = layers
    for weight, bias in hidden:
        values = functional.linear(values, weight, bias)
        if activation == "leaky_relu":
            values = functional.leaky_relu(values, SLOPE)
        else:
            values = getattr(torch, activation)(values)
    return functional.linear(values, last_weight, last_bias)


def reference(start, activation, inputs, targets, its_recipe):
    """Losses and end weights in double precision, and how far single precision is from them."""
    losses, end = train(torch.float64, start, activation, inputs, targets, its_recipe)
    single_losses, single_end = train(torch.float32, start, activation, inputs, targets, its_recipe)
    pairs = zip(tensors(end), tensors(single_end))
    return {
        "losses": losses,
        "layers": layers_as_json(end),
        "losses_off_by": max(abs(a - b) for a, b in zip(losses, single_losses)),
        "weights_off_by": max((a - b.double()).abs().max().item() for a, b in pairs),
    }


def train(dtype, start, activation, inputs, targets, its_recipe):
    layers = as_type(start, dtype)
    for tensor in tensors(layers):
        tensor.requires_grad_()
    inputs = inputs.to(dtype)
    targets_name, data = targets
    optimiser = make_optimiser(layers, its_recipe)
    factor = factor_of(its_recipe["schedule"])
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, factor)
    losses = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = loss_of(targets_name, forward(layers, activation, inputs), data)
        loss.backward()
        if "clip" in its_recipe:
            torch.nn.utils.clip_grad_norm_(tensors(layers), its_recipe["clip"])
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return losses, [(weight.detach(), bias.detach()) for weight, bias in layers]


def make_optimiser(layers, its_recipe):
    """Weights decay, biases do not."""
    ((kind, settings),) = its_recipe["optimiser"].items()
    penalty = its_recipe.get("penalty", {"l2": 0.0})["l2"]
    assert kind == "sgd" or penalty == 0.0
    groups = [
        {"params": [weight for weight, _ in layers], "weight_decay": its_recipe["weight_decay"] + penalty},
        {"params": [bias for _, bias in layers], "weight_decay": 0.0},
    ]
    if kind == "sgd":
        assert settings["momentum"] == 0.0 or its_recipe["weight_decay"] == 0.0
        momentum, nesterov = settings["momentum"], settings["nesterov"]
        return torch.optim.SGD(groups, lr=settings["rate"], momentum=momentum, nesterov=nesterov)
    betas = (settings["beta1"], settings["beta2"])
    # Without decay AdamW is Adam; that case is trained by Adam itself.
    kind = torch.optim.AdamW if its_recipe["weight_decay"] else torch.optim.Adam
    return kind(groups, lr=settings["rate"], betas=betas, eps=settings["epsilon"])


def factor_of(schedule):
    """The formula of lessen's `Schedule::factor`, written once more."""
    if schedule == "constant":
        return lambda step: 1.0
    if "steps" in schedule:
        at, factor = schedule["steps"]["at"], schedule["steps"]["factor"]
        return lambda step: factor ** sum(place <= step for place in at)
    steps, warm_up = schedule["cosine"]["steps"], schedule["cosine"]["warm_up"]

    def factor(step):
        if step < warm_up:
            return (step + 1) / warm_up
        way = (step - warm_up) / max(steps - warm_up, 1)
        return 0.5 * (1.0 + math.cos(math.pi * min(way, 1.0)))

    return factor


def tensors(layers):
    return [tensor for layer in layers for tensor in layer]


def as_type(layers, dtype):
    return [(weight.to(dtype, copy=True), bias.to(dtype, copy=True)) for weight, bias in layers]


def flat(tensor):
    return tensor.detach().flatten().tolist()


def layers_as_json(layers):
    return [{"weights": flat(weight), "bias": flat(bias)} for weight, bias in layers]


def as_text(document):
    """Nine significant digits give a single-precision number back exactly. A line for each net and case."""
    document = rounded(document)
    lines = []
    for key, value in document.items():
        if isinstance(value, list) and isinstance(value[0], dict):
            entries = ",\n".join(compact(entry) for entry in value)
            lines.append(f"{compact(key)}:[\n{entries}\n]")
        else:
            lines.append(f"{compact(key)}:{compact(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [rounded(entry) for entry in value]
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return value


if __name__ == "__main__":
    main()
