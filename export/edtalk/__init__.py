"""EDTalk's checkpoints become a bundle, and proof that nothing was lost on the way."""
