"""A LitServe app around the same model in ONNX Runtime; runs in an environment of its own."""
