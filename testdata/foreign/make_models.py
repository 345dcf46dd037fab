"""Writes small models as PyTorch and Keras export them, and what they answer, for `crates/model/tests/networks/foreign.rs`.

    python3 -m venv .venv && .venv/bin/pip install torch onnx onnxscript tensorflow-cpu tf2onnx   # in this folder
    .venv/bin/python make_models.py

`models.json` holds, for each file: the row's extents, some rows, what the framework answered, whether that is probabilities, logits,
logarithms, one sigmoid or a number, and the versions that wrote it.
"""

import json
import os
import pathlib
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")

import numpy as np
import onnx
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
ROWS = 5
RANDOM = np.random.default_rng(7)
MADE = {}


def rows(*sides):
    return RANDOM.uniform(0, 1, (ROWS, *sides)).astype(np.float32)


def settle(model):
    """Statistics as after training: batch normalisation is to do something."""
    for part in model.modules():
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)):
            with torch.no_grad():
                part.running_mean.uniform_(-0.5, 0.5)
                part.running_var.uniform_(0.3, 2)
                part.weight.uniform_(0.5, 1.5)
                part.bias.uniform_(-0.5, 0.5)
    return model.eval()


def keep(name, sides, given, answers, kind, by):
    MADE[name] = {
        "row": list(sides),
        "kind": kind,
        "by": by,
        "rows": [[round(float(cell), 6) for cell in row.reshape(-1)] for row in given],
        "answers": [[float(f"{cell:.6g}") for cell in row.reshape(-1)] for row in answers],
    }


def of_torch(name, model, sides, kind, dynamo=True, free=True, opset=18):
    torch.manual_seed(len(MADE))
    model = settle(model)
    given = np.round(rows(*sides), 6)
    answers = model(torch.from_numpy(given)).detach().numpy()
    path = HERE / f"{name}.onnx"
    example = torch.from_numpy(given)
    if dynamo:
        shapes = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)} if free else {}
        torch.onnx.export(model, (example,), path, dynamo=True, external_data=False, verbose=False, **shapes)
    else:
        axes = {"dynamic_axes": {"rows": {0: "batch"}}} if free else {}
        torch.onnx.export(
            model, (example,), path, dynamo=False, opset_version=opset, input_names=["rows"], **axes
        )
    exporter = "torch.onnx.export, dynamo" if dynamo else f"torch.onnx.export, TorchScript, opset {opset}"
    slim(path)
    keep(name, sides, given, answers, kind, f"{exporter}, torch {torch.__version__}")


def slim(path):
    """Without what only people debug with: names of source files and lines."""
    model = onnx.load(path)
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer]:
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    onnx.save(model, path)


class Chain(nn.Module):
    """As people write it: flattened by hand, layers by name."""

    def __init__(self):
        super().__init__()
        self.fc1, self.bn1, self.drop, self.fc2 = nn.Linear(12, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 3)

    def forward(self, x):
        x = x.view(x.size(0), -1)
        x = torch.relu(self.bn1(self.fc1(x)))
        return torch.log_softmax(self.fc2(self.drop(x)), dim=1)


class Prepared(nn.Module):
    """With its own preprocessing, by channel, and a normalisation behind the activation."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4, 0.5]).view(1, 2, 1, 1))
        self.register_buffer("deviation", torch.tensor([0.2, 0.3]).view(1, 2, 1, 1))
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(12, 7), nn.LeakyReLU(0.1), nn.BatchNorm1d(7), nn.Linear(7, 5, bias=False), nn.Tanh(), nn.Linear(5, 3)
        )

    def forward(self, x):
        return self.layers((x - self.mean) / self.deviation)


class Once(nn.Module):
    """A convolution over all of the picture is a dense layer, and so is one of a single place."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn, self.conv2 = nn.Conv2d(1, 6, (3, 4), bias=False), nn.BatchNorm2d(6), nn.Conv2d(6, 3, 1)

    def forward(self, x):
        return self.conv2(torch.relu(self.bn(self.conv1(x)))).flatten(1)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(6, 6), nn.Linear(6, 3)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)) + x)


class Convolutional(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 4, 3), nn.Linear(4 * 2 * 2, 3)

    def forward(self, x):
        return self.fc(torch.max_pool2d(torch.relu(self.conv(x)), 2).flatten(1))


def pruned():
    """Pruned as torch.nn.utils.prune does it; the mask is in the weights when the model is exported."""
    from torch.nn.utils import prune

    model = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3))
    prune.l1_unstructured(model[0], "weight", amount=0.5)
    prune.remove(model[0], "weight")
    return model


def number():
    return nn.Sequential(nn.Linear(4, 5), nn.Sigmoid(), nn.Linear(5, 1))


def binary():
    return nn.Sequential(nn.Linear(4, 5), nn.PReLU(), nn.Linear(5, 1), nn.Sigmoid())


def torch_models():
    for dynamo, by in ((True, "dynamo"), (False, "script")):
        torch.manual_seed(1)
        of_torch(f"torch-{by}-chain", Chain(), (1, 3, 4), "logarithms", dynamo)
        of_torch(f"torch-{by}-prepared", Prepared(), (2, 2, 3), "logits", dynamo)
        of_torch(f"torch-{by}-once", Once(), (1, 3, 4), "logits", dynamo)
        of_torch(f"torch-{by}-pruned", pruned(), (12,), "logits", dynamo)
        of_torch(f"torch-{by}-number", number(), (4,), "number", dynamo)
        of_torch(f"torch-{by}-binary", binary(), (4,), "sigmoid", dynamo)
    of_torch("torch-script-opset-11", Chain(), (1, 3, 4), "logarithms", dynamo=False, opset=11)
    of_torch("torch-dynamo-fixed", Chain(), (1, 3, 4), "logarithms", free=False)
    of_torch("torch-kept-residual", Residual(), (6,), "logits")
    of_torch("torch-kept-convolution", Convolutional(), (1, 6, 6), "logits")


def keras_models():
    import keras
    import tensorflow as tf
    import tf2onnx
    from keras import layers

    by = f"keras {keras.__version__}, tf2onnx {tf2onnx.__version__}"

    def of_keras(name, model, sides, kind):
        for layer in model.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.set_weights([RANDOM.uniform(0.3, 1.5, weight.shape) for weight in layer.get_weights()])
        given = np.round(rows(*sides), 6)
        answers = np.asarray(model(given, training=False))
        signature = [tf.TensorSpec((None, *sides), tf.float32, name="rows")]
        function = tf.function(lambda x: model(x, training=False))
        tf2onnx.convert.from_function(function, signature, opset=17, output_path=str(HERE / f"{name}.onnx"))
        keep(name, sides, given, answers, kind, by)

    keras.utils.set_random_seed(3)
    of_keras(
        "keras-classes",
        keras.Sequential(
            [
                layers.Input((3, 4)),
                layers.Rescaling(2.0, offset=-1.0),
                layers.Flatten(),
                layers.Dense(8, activation="relu"),
                layers.BatchNormalization(),
                layers.Dropout(0.2),
                layers.Dense(3, activation="softmax"),
            ]
        ),
        (3, 4),
        "probabilities",
    )
    of_keras(
        "keras-binary",
        keras.Sequential([layers.Input((4,)), layers.Dense(6, activation="tanh"), layers.Dense(1, activation="sigmoid")]),
        (4,),
        "sigmoid",
    )
    exported = keras.Sequential([layers.Input((4,)), layers.Dense(6, activation="relu"), layers.Dense(3)])
    given = np.round(rows(4), 6)
    exported(given)
    exported.export(HERE / "keras-export.onnx", format="onnx", verbose=False)
    keep("keras-export", (4,), given, np.asarray(exported(given)), "logits", f"keras {keras.__version__}, model.export")


if __name__ == "__main__":
    torch_models()
    try:
        keras_models()
    except ImportError as missing:
        raise SystemExit(f"{missing}: the Keras models were not written, and `models.json` was left as it was")
    (HERE / "models.json").write_text(json.dumps(MADE, indent=1) + "\n")
