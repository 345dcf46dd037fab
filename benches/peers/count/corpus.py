"""Writes the models of onnx's own node tests into a folder: what the test `corpus` of lessen-graph counts. See README.md."""

import pathlib
import sys

from onnx.backend.test.case.node import collect_testcases

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
cases = [case for case in collect_testcases(None) if case.model is not None]
for case in cases:
    (folder / f"{case.name}.onnx").write_bytes(case.model.SerializeToString())
print(f"{len(cases)} models in {folder}")
