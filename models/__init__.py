"""The networks as torch modules: what they compute, no I/O."""
