"""The small network that corrects what the mesh draws.

`network.py` joins the parts: `encoder.py` looks at the portrait once, `motion.py` turns
coefficients into a latent by orthonormal banks, `decoder.py` looks at what the mesh drew
and says where that is to be bent and repainted. Before training it says: nowhere.
"""
