"""How the networks are learnt: voices, invented people, losses, recipes."""
