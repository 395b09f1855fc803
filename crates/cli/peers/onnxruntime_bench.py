"""Speed of ONNX Runtime on the CPU: evaluation of a pre-activation ResNet-110 (CIFAR shapes), f32.

    python -m venv venv && venv/bin/pip install numpy onnx onnxruntime
    venv/bin/python onnxruntime_bench.py [--batch 128] [--threads 2] [--steps 5]

The graph is built here, node by node, with random weights; ONNX Runtime optimises it as it likes
(it folds bn2 into conv1, for example). Its packages do not train: train_img_s is null.
"""
import argparse, json, resource, statistics, time
import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

a = argparse.ArgumentParser()
a.add_argument("--batch", type=int, default=128)
a.add_argument("--threads", type=int, default=2)
a.add_argument("--steps", type=int, default=5)
a = a.parse_args()
random = np.random.default_rng(0)
nodes, weights = [], []


def weight(value):
    name = f"w{len(weights)}"
    weights.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
    return name


def node(op, inputs, **attributes):
    name = f"n{len(nodes)}"
    nodes.append(helper.make_node(op, inputs, [name], **attributes))
    return name


def conv(x, cin, cout, k, stride):
    w = weight(random.standard_normal((cout, cin, k, k)) / np.sqrt(cin * k * k))
    return node("Conv", [x, w], kernel_shape=[k, k], strides=[stride] * 2, pads=[k // 2] * 4)


def bn_relu(x, width):
    scale, variance = (weight(random.uniform(0.5, 1.5, width)) for _ in range(2))
    bias, mean = (weight(0.1 * random.standard_normal(width)) for _ in range(2))
    return node("Relu", [node("BatchNormalization", [x, scale, bias, mean, variance], epsilon=1e-5)])


def block(x, cin, cout, stride):
    h = bn_relu(x, cin)
    skip = x if cin == cout else conv(h, cin, cout, 1, stride)
    h = bn_relu(conv(h, cin, cout, 3, stride), cout)
    return node("Add", [skip, conv(h, cout, cout, 3, 1)])


def resnet110():
    x, cin = conv("x", 3, 16, 3, 1), 16
    for width in (16, 32, 64):
        for i in range(18):
            x = block(x, cin, width, 2 if i == 0 and width > 16 else 1)
            cin = width
    x = node("Flatten", [node("GlobalAveragePool", [bn_relu(x, 64)])])
    return node("Gemm", [x, weight(random.standard_normal((64, 10))), weight(np.zeros(10))])


logits = resnet110()
graph = helper.make_graph(
    nodes,
    "resnet110",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [a.batch, 3, 32, 32])],
    [helper.make_tensor_value_info(logits, TensorProto.FLOAT, [a.batch, 10])],
    weights,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = a.threads
options.inter_op_num_threads = 1
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
session = onnxruntime.InferenceSession(
    model.SerializeToString(), options, providers=["CPUExecutionProvider"]
)
x = random.standard_normal((a.batch, 3, 32, 32)).astype(np.float32)


def evaluate():
    (y,) = session.run(None, {"x": x})
    assert np.isfinite(y).all()


def rate(step):
    step()
    times = []
    for _ in range(a.steps):
        t = time.perf_counter()
        step()
        times.append(time.perf_counter() - t)
    return round(a.batch / statistics.median(times), 1)


r = {"peer": "onnxruntime " + onnxruntime.__version__, "batch": a.batch, "threads": a.threads}
r["train_img_s"], r["eval_img_s"] = None, rate(evaluate)
r["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
print(json.dumps(r))
