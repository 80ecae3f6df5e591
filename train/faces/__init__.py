"""How the small network over the mesh is taught: samples, losses, sheets."""
