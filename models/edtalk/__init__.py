"""EDTalk's networks, written anew from the papers and the facts of its checkpoints.

Tan et al., "EDTalk: efficient disentanglement for emotional talking head synthesis"
(ECCV 2024) on the latent image animator of Wang et al. (ICLR 2022), whose convolutions are
StyleGAN2's (Karras et al., CVPR 2020). Mouth, pose and expression each move a latent along
directions of their own; a decoder turns the latent into a flow that warps the portrait's
features.

The modules here compute what was published, for training and proof, and are named inside
as in the official checkpoints, which load strictly; parameters that exist there but have
no effect are held by `dead.py`. `exact/` reads the same weights and computes the same
pictures with a quarter of the work, for export.
"""
