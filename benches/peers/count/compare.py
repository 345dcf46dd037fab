"""What `lessen count` and other counters say of the same models, in one run, each difference explained.

The models are built by torchvision and transformers without trained weights, exported to ONNX by `torch.onnx.export` and counted by

- fvcore `FlopCountAnalysis` (on the module; calls multiply-accumulates "flops"),
- ptflops, both of its ways (on the module),
- onnx-tool (on the exported file),
- `lessen count --json` (on the exported file).

    .venv/bin/python compare.py path/to/lessen [--keep FOLDER]
"""

import argparse
import collections
import contextlib
import io
import json
import logging
import pathlib
import subprocess
import tempfile
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import torch
import torchvision
from torchvision import models

HERE = pathlib.Path(__file__).parent
SEQUENCE = 128


class Encoder(torch.nn.Module):
    """A model of transformers as a function of token numbers alone."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, tokens):
        return self.model(input_ids=tokens).last_hidden_state


def vision(make):
    return lambda: (make(weights=None).eval(), torch.randn(1, 3, 224, 224))


def text(make):
    return lambda: (Encoder(make()).eval(), torch.ones(1, SEQUENCE, dtype=torch.int64))


def bert():
    from transformers import BertConfig, BertModel

    return BertModel(BertConfig(attn_implementation="eager"))


def gpt2():
    from transformers import GPT2Config, GPT2Model

    return GPT2Model(GPT2Config(attn_implementation="eager", use_cache=False))


MODELS = {
    "alexnet": vision(models.alexnet),
    "vgg16": vision(models.vgg16),
    "resnet18": vision(models.resnet18),
    "resnet50": vision(models.resnet50),
    "mobilenet_v2": vision(models.mobilenet_v2),
    "efficientnet_b0": vision(models.efficientnet_b0),
    "densenet121": vision(models.densenet121),
    "vit_b_16": vision(models.vit_b_16),
    "bert-base, 128 tokens": text(bert),
    "gpt2, 128 tokens": text(gpt2),
}


def by_fvcore(model, given):
    from fvcore.nn import FlopCountAnalysis

    count = FlopCountAnalysis(model, given)
    count.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    total, by_op = int(count.total()), {op: int(number) for op, number in count.by_operator().items()}
    return {"macs": total, "by": by_op, "left_out": dict(count.unsupported_ops())}


def by_ptflops(model, given, backend):
    from ptflops import get_model_complexity_info

    make = None if given.dtype.is_floating_point else (lambda _: {"tokens": given})
    with contextlib.redirect_stdout(io.StringIO()):
        macs, _ = get_model_complexity_info(
            model, tuple(given.shape[1:]), as_strings=False, backend=backend, print_per_layer_stat=False,
            input_constructor=make, verbose=False,
        )
    return {"macs": None if macs is None else int(macs)}


def by_module(model, given, total):
    """What ptflops counts at modules of each kind: what goes when it is told to leave them out."""
    from ptflops import get_model_complexity_info

    kinds = {type(part) for part in model.modules() if not list(part.children())}
    make = None if given.dtype.is_floating_point else (lambda _: {"tokens": given})
    by = {}
    for kind in sorted(kinds, key=lambda kind: kind.__name__):
        with contextlib.redirect_stdout(io.StringIO()):
            without, _ = get_model_complexity_info(
                model, tuple(given.shape[1:]), as_strings=False, backend="pytorch", print_per_layer_stat=False,
                input_constructor=make, verbose=False, ignore_modules=[kind],
            )
        if without is not None and int(without) != total:
            by[kind.__name__] = total - int(without)
    return by


def biases(model, given):
    """Numbers that conv and linear layers add a bias to, which ptflops counts at the layer."""
    found = 0

    def hook(part, _, result):
        nonlocal found
        if getattr(part, "bias", None) is not None:
            found += result.numel()

    layers = [part for part in model.modules() if isinstance(part, (torch.nn.Linear, torch.nn.Conv2d))]
    hooks = [part.register_forward_hook(hook) for part in layers]
    with torch.no_grad():
        model(given)
    for each in hooks:
        each.remove()
    return found


def by_onnx_tool(path):
    import onnx_tool

    model = onnx_tool.Model(str(path), {"verbose": False, "if_fixed_branch": "else"})
    model.graph.shape_infer()
    model.graph.profile()
    by_op = collections.Counter()
    for node in model.graph.nodemap.values():
        by_op[node.op_type] += int(node.macs[0] if isinstance(node.macs, (list, tuple)) else node.macs)
    total = model.graph.macs
    return {"macs": int(total[0] if isinstance(total, (list, tuple)) else total), "by": dict(by_op)}


def by_lessen(lessen, path):
    run = subprocess.run([lessen, "count", str(path), "--json"], capture_output=True, text=True)
    model = json.loads(run.stdout)["models"][0]
    by_op = collections.Counter()
    for layer in model["layers"]:
        by_op[layer["op"]] += layer["macs"] or 0
    flops = collections.Counter()
    for layer in model["layers"]:
        flops[layer["op"]] += layer["flops"] or 0
    return {
        "macs": model["macs"], "flops": model["flops"], "complete": model["complete"], "parameters": model["parameters"],
        "by": {op: number for op, number in by_op.items() if number}, "flops_by": dict(flops),
    }


PRODUCTS = {"Conv2d", "Linear", "Conv1D", "MultiheadAttention", "conv", "linear", "addmm", "matmul", "bmm", "einsum", "Conv", "Gemm", "MatMul"}


def explained(name, ours, peer):
    """What makes the difference: what a peer counts beside products, and the products that it leaves out."""
    if peer.get("macs") is None:
        return peer.get("failed", "not counted")
    if peer["macs"] == ours["macs"]:
        return "the same"
    by = peer.get("by")
    if by is None:
        rest = peer["macs"] - ours["macs"]
        return {"biases" if rest == ours["biases"] else "not told by operator": rest}
    beside = {op: number for op, number in by.items() if op not in PRODUCTS and number}
    rest = peer["macs"] - sum(beside.values()) - ours["macs"]
    rest_of = "biases" if rest == ours["biases"] and rest else "products, theirs less ours"
    parts = [f"{op} {number:,}" for op, number in sorted(beside.items(), key=lambda part: -part[1])]
    return {"beside products": ", ".join(parts) or "nothing", rest_of: rest}


def tried(what, *given):
    try:
        return what(*given)
    except Exception as problem:  # noqa: BLE001: what fails is part of the comparison
        return {"macs": None, "failed": f"{type(problem).__name__}: {str(problem).splitlines()[0][:160] if str(problem) else ''}"}


def versions():
    from importlib import metadata

    names = ["torch", "torchvision", "transformers", "fvcore", "ptflops", "onnx-tool", "onnx", "onnxscript"]
    return {name: metadata.version(name) for name in names}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessen")
    parser.add_argument("--keep", type=pathlib.Path, help="folder that the exported models stay in")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = args.keep or pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        found = {}
        for name, make in MODELS.items():
            torch.manual_seed(0)
            model, given = make()
            path = folder / (name.split(",")[0] + ".onnx")
            with contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
                torch.onnx.export(model, (given,), path, dynamo=True, external_data=False, verbose=False)
                found[name] = {
                    "parameters": sum(weights.numel() for weights in model.parameters()),
                    "lessen": by_lessen(args.lessen, path),
                    "fvcore": tried(by_fvcore, model, given),
                    "ptflops, modules": tried(by_ptflops, model, given, "pytorch"),
                    "ptflops, operators": tried(by_ptflops, model, given, "aten"),
                    "onnx-tool": tried(by_onnx_tool, path),
                }
            ours = found[name]["lessen"]["macs"]
            modules = found[name]["ptflops, modules"]
            if modules["macs"]:
                modules["by"] = by_module(model, given, modules["macs"])
            found[name]["lessen"]["biases"] = biases(model, given)
            for peer in ("fvcore", "ptflops, modules", "ptflops, operators", "onnx-tool"):
                found[name][peer]["difference"] = explained(name, found[name]["lessen"], found[name][peer])
            line = [f"{name:24} {ours:>15,}"]
            for peer in ("fvcore", "ptflops, modules", "ptflops, operators", "onnx-tool"):
                macs = found[name][peer]["macs"]
                line.append(f"{peer} {macs / ours:.4f}" if macs else f"{peer} -")
            print("  ".join(line), flush=True)
            if not args.keep:
                path.unlink()
    result = {"versions": versions(), "models": found}
    (HERE / "result.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
