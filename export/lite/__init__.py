"""The small network over the mesh as ONNX files, for each kind of backend one."""
