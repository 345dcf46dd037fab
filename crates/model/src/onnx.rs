//! The ONNX file.
