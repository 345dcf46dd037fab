"""Writes the models whose arithmetic `crates/graph/tests/reference.rs` compares with the published counts.

Each is the graph of the architecture with the extents of its weights and without their numbers, so that a file is as large as
its nodes. Operators are those that PyTorch's exporter writes; batch normalisations are not folded into convolutions.

    python3 -m venv .venv && .venv/bin/pip install onnx
    .venv/bin/python testdata/counted/make_models.py
"""

import pathlib

import onnx
from onnx import TensorProto, helper

HERE = pathlib.Path(__file__).parent
OPSET, IR_VERSION = 17, 8


class Graph:
    """Nodes and weights as they come to be; `self.last` is the tensor that the next layer is given, `self.sides` its extents but the batch."""

    def __init__(self, name, sides):
        self.name, self.nodes, self.weights, self.count = name, [], [], 0
        self.inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", *sides])]
        self.last, self.sides = "input", list(sides)

    def weight(self, *dims):
        name = f"w{len(self.weights)}"
        self.weights.append(TensorProto(name=name, dims=dims, data_type=TensorProto.FLOAT))
        return name

    def integers(self, *numbers):
        name = f"i{len(self.weights)}"
        self.weights.append(helper.make_tensor(name, TensorProto.INT64, [len(numbers)], numbers))
        return name

    def place(self, number):
        name = f"i{len(self.weights)}"
        self.weights.append(helper.make_tensor(name, TensorProto.INT64, [], [number]))
        return name

    def scalar(self, number):
        name = f"s{len(self.weights)}"
        self.weights.append(helper.make_tensor(name, TensorProto.FLOAT, [], [number]))
        return name

    def node(self, op, *inputs, outputs=1, **attributes):
        self.count += 1
        names = [f"{op.lower()}{self.count}" + (f".{part}" if part else "") for part in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=f"{op}_{self.count}", **attributes))
        self.last = names[0]
        return self.last

    def conv(self, outputs, kernel, stride=1, pad=0, groups=1, bias=True):
        channels, height, width = self.sides
        inputs = [self.last, self.weight(outputs, channels // groups, kernel, kernel)]
        if bias:
            inputs.append(self.weight(outputs))
        self.node("Conv", *inputs, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, group=groups)
        out = [(side + 2 * pad - kernel) // stride + 1 for side in (height, width)]
        self.sides = [outputs, *out]
        return self.last

    def norm(self):
        weights = [self.weight(self.sides[0]) for _ in range(4)]
        return self.node("BatchNormalization", self.last, *weights)

    def relu(self):
        return self.node("Relu", self.last)

    def pool(self, kernel, stride, pad=0, op="MaxPool"):
        self.node(op, self.last, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)
        self.sides[1:] = [(side + 2 * pad - kernel) // stride + 1 for side in self.sides[1:]]

    def mean(self):
        self.node("GlobalAveragePool", self.last)
        self.sides[1:] = [1, 1]

    def flatten(self):
        self.node("Flatten", self.last)
        width = 1
        for side in self.sides:
            width *= side
        self.sides = [width]

    def linear(self, outputs):
        self.node("Gemm", self.last, self.weight(outputs, self.sides[-1]), self.weight(outputs), transB=1)
        self.sides = [outputs]

    def write(self):
        outputs = [helper.make_tensor_value_info(self.last, TensorProto.FLOAT, None)]
        graph = helper.make_graph(self.nodes, self.name, self.inputs, outputs, self.weights)
        opset = [helper.make_opsetid("", OPSET)]
        made = f"onnx {onnx.__version__}"
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="make_models.py", producer_version=made)
        (HERE / f"{self.name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def lenet_300_100():
    net = Graph("lenet-300-100", [784])
    for width in (300, 100):
        net.linear(width)
        net.relu()
    net.linear(10)
    return net


def lenet_5():
    net = Graph("lenet-5-caffe", [1, 28, 28])
    for outputs in (20, 50):
        net.conv(outputs, 5)
        net.pool(2, 2)
    net.flatten()
    net.linear(500)
    net.relu()
    net.linear(10)
    return net


def alexnet_caffe():
    net = Graph("alexnet-caffe-227", [3, 227, 227])
    net.conv(96, 11, stride=4)
    net.relu()
    net.node("LRN", net.last, size=5)
    net.pool(3, 2)
    net.conv(256, 5, pad=2, groups=2)
    net.relu()
    net.node("LRN", net.last, size=5)
    net.pool(3, 2)
    for outputs, groups in ((384, 1), (384, 2), (256, 2)):
        net.conv(outputs, 3, pad=1, groups=groups)
        net.relu()
    net.pool(3, 2)
    classifier(net)
    return net


def alexnet():
    net = Graph("alexnet-224", [3, 224, 224])
    for outputs, kernel, stride, pad, pooled in ((64, 11, 4, 2, True), (192, 5, 1, 2, True), (384, 3, 1, 1, False), (256, 3, 1, 1, False), (256, 3, 1, 1, True)):
        net.conv(outputs, kernel, stride, pad)
        net.relu()
        if pooled:
            net.pool(3, 2)
    classifier(net)
    return net


def classifier(net):
    net.flatten()
    for _ in range(2):
        net.linear(4096)
        net.relu()
    net.linear(1000)


def vgg(name, plan, sides, norm, head):
    net = Graph(name, sides)
    for outputs in plan:
        if outputs == "pool":
            net.pool(2, 2)
        else:
            net.conv(outputs, 3, pad=1, bias=not norm)
            if norm:
                net.norm()
            net.relu()
    head(net)
    return net


VGG_16 = [64, 64, "pool", 128, 128, "pool", 256, 256, 256, "pool", 512, 512, 512, "pool", 512, 512, 512, "pool"]
VGG_19_CIFAR = [64, 64, "pool", 128, 128, "pool", *[256] * 4, "pool", *[512] * 4, "pool", *[512] * 4]


def average_and_linear(net):
    net.mean()
    net.flatten()
    net.linear(10)


def small_conv(name, widths):
    """Conv-2, 4, 6 of Frankle & Carbin 2019: pairs of convolutions and a pool each, then 256, 256, 10."""
    net = Graph(name, [3, 32, 32])
    for width in widths:
        for _ in range(2):
            net.conv(width, 3, pad=1)
            net.relu()
        net.pool(2, 2)
    net.flatten()
    for _ in range(2):
        net.linear(256)
        net.relu()
    net.linear(10)
    return net


def residual(net, body, shortcut):
    given, sides = net.last, list(net.sides)
    body()
    made, after = net.last, list(net.sides)
    net.last, net.sides = given, sides
    if shortcut:
        shortcut()
    net.node("Add", made, net.last)
    net.sides = after
    net.relu()


def basic(net, width, stride):
    def body():
        net.conv(width, 3, stride, 1, bias=False)
        net.norm()
        net.relu()
        net.conv(width, 3, 1, 1, bias=False)
        net.norm()

    residual(net, body, shortcut_of(net, width, stride))


def bottleneck(net, width, stride):
    def body():
        net.conv(width, 1, bias=False)
        net.norm()
        net.relu()
        net.conv(width, 3, stride, 1, bias=False)
        net.norm()
        net.relu()
        net.conv(4 * width, 1, bias=False)
        net.norm()

    residual(net, body, shortcut_of(net, 4 * width, stride))


def shortcut_of(net, outputs, stride):
    def shortcut():
        net.conv(outputs, 1, stride, bias=False)
        net.norm()

    return shortcut if stride > 1 or net.sides[0] != outputs else None


def resnet(name, block, blocks):
    net = Graph(name, [3, 224, 224])
    net.conv(64, 7, 2, 3, bias=False)
    net.norm()
    net.relu()
    net.pool(3, 2, 1)
    for stage, count in enumerate(blocks):
        for place in range(count):
            block(net, 64 << stage, 2 if stage > 0 and place == 0 else 1)
    net.mean()
    net.flatten()
    net.linear(1000)
    return net


def resnet_20():
    net = Graph("resnet-20-cifar", [3, 32, 32])
    net.conv(16, 3, 1, 1, bias=False)
    net.norm()
    net.relu()
    for stage in range(3):
        for place in range(3):
            basic(net, 16 << stage, 2 if stage > 0 and place == 0 else 1)
    net.mean()
    net.flatten()
    net.linear(10)
    return net


def mobilenet_v2():
    net = Graph("mobilenet-v2-224", [3, 224, 224])

    def conv_norm_clip(outputs, kernel, stride, groups):
        net.conv(outputs, kernel, stride, kernel // 2, groups, bias=False)
        net.norm()
        net.node("Clip", net.last, net.scalar(0.0), net.scalar(6.0))

    conv_norm_clip(32, 3, 2, 1)
    for factor, outputs, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for place in range(count):
            given, channels = net.last, net.sides[0]
            if factor > 1:
                conv_norm_clip(factor * channels, 1, 1, 1)
            conv_norm_clip(factor * channels, 3, stride if place == 0 else 1, factor * channels)
            net.conv(outputs, 1, bias=False)
            net.norm()
            if place > 0:
                net.node("Add", net.last, given)
    conv_norm_clip(1280, 1, 1, 1)
    net.mean()
    net.flatten()
    net.linear(1000)
    return net


def bert_base():
    """As `transformers` writes it out, attention by plain products; batch and length are free."""
    width, heads, layers, inner = 768, 12, 12, 3072
    net = Graph("bert-base", [])
    integers = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"]) for name in ("input_ids", "token_type_ids", "attention_mask")]
    net.inputs = integers

    def linear(given, inputs, outputs):
        return net.node("Add", net.node("MatMul", given, net.weight(inputs, outputs)), net.weight(outputs))

    def norm(given):
        return net.node("LayerNormalization", given, net.weight(width), net.weight(width), axis=-1, epsilon=1e-12)

    length = net.node("Gather", net.node("Shape", "input_ids"), net.integers(1))
    positions = net.integers(*range(512))
    positions = net.node("Slice", net.node("Unsqueeze", positions, net.integers(0)), net.integers(0), length, net.integers(1))
    words = net.node("Gather", net.weight(30522, width), "input_ids")
    kinds = net.node("Gather", net.weight(2, width), "token_type_ids")
    places = net.node("Gather", net.weight(512, width), positions)
    state = norm(net.node("Add", net.node("Add", words, kinds), places))
    mask = net.node("Cast", net.node("Unsqueeze", "attention_mask", net.integers(1, 2)), to=TensorProto.FLOAT)
    mask = net.node("Mul", net.node("Sub", net.scalar(1.0), mask), net.scalar(-3.4e38))
    split, together = net.integers(0, 0, heads, width // heads), net.integers(0, 0, width)
    for _ in range(layers):
        query, key, value = (net.node("Reshape", linear(state, width, width), split) for _ in range(3))
        query = net.node("Transpose", query, perm=[0, 2, 1, 3])
        key = net.node("Transpose", key, perm=[0, 2, 3, 1])
        value = net.node("Transpose", value, perm=[0, 2, 1, 3])
        scores = net.node("Div", net.node("MatMul", query, key), net.scalar(8.0))
        shares = net.node("Softmax", net.node("Add", scores, mask), axis=-1)
        mixed = net.node("Transpose", net.node("MatMul", shares, value), perm=[0, 2, 1, 3])
        state = norm(net.node("Add", linear(net.node("Reshape", mixed, together), width, width), state))
        hidden = linear(state, width, inner)
        erf = net.node("Add", net.node("Erf", net.node("Div", hidden, net.scalar(2**0.5))), net.scalar(1.0))
        hidden = net.node("Mul", net.node("Mul", hidden, erf), net.scalar(0.5))
        state = norm(net.node("Add", linear(hidden, inner, width), state))
    first = net.node("Gather", state, net.place(0), axis=1)
    net.node("Tanh", net.node("Gemm", first, net.weight(width, width), net.weight(width), transB=1))
    return net


MODELS = [
    lenet_300_100(),
    lenet_5(),
    alexnet_caffe(),
    alexnet(),
    vgg("vgg-16-224", VGG_16, [3, 224, 224], False, classifier),
    vgg("vgg-19-cifar", VGG_19_CIFAR, [3, 32, 32], True, average_and_linear),
    resnet("resnet-18-224", basic, (2, 2, 2, 2)),
    resnet("resnet-34-224", basic, (3, 4, 6, 3)),
    resnet("resnet-50-224", bottleneck, (3, 4, 6, 3)),
    resnet("resnet-101-224", bottleneck, (3, 4, 23, 3)),
    resnet("resnet-152-224", bottleneck, (3, 8, 36, 3)),
    mobilenet_v2(),
    resnet_20(),
    small_conv("conv-2", [64]),
    small_conv("conv-4", [64, 128]),
    small_conv("conv-6", [64, 128, 256]),
    bert_base(),
]

if __name__ == "__main__":
    for model in MODELS:
        model.write()
