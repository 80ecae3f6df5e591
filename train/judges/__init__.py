"""What `train.evaluate` judges by: one question a module."""
