"""Real portraits whose licence allows it, moved by coefficients."""
