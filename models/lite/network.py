"""The whole network, and what becomes of a mesh picture that it corrects."""

from __future__ import annotations

from torch import Tensor, nn

from models.lite.decoder import Correction, Decoder, Statics, WarpRows, warp_maps
from models.lite.encoder import Encoder
from models.lite.layers import enlarged, warp
from models.lite.motion import Motion
from models.lite.sizes import SIZES


class Lite(nn.Module):
    """Corrects what the mesh draws.

    Args:
        size: one of `SIZES`.
    """

    def __init__(self, size: str = "micro") -> None:
        super().__init__()
        self.size = size
        widths = SIZES[size]
        self.encoder = Encoder(widths)
        self.motion = Motion()
        self.decoder = Decoder(widths)

    def look(self, picture: Tensor, landmarks: Tensor, reading: Tensor) -> Statics:
        """What there is to know of an avatar, once.

        Args:
            picture: [b, 3, 128, 128] in -1..1.
            landmarks: [b, 5, 128, 128] of `engine.landmark_maps`.
            reading: [b, 55] the tracker's coefficients, and yaw, pitch, roll in degrees.
        """
        identity, coarse, middle = self.encoder(picture, landmarks)
        return Statics(identity, self.motion.start(reading), coarse, middle)

    def forward(
        self,
        statics: Statics,
        motion: tuple[Tensor, Tensor, Tensor],
        drawn: Tensor,
        flow: Tensor,
        warp_rows: WarpRows = warp_maps,
    ) -> Correction:
        """One picture's correction.

        Args:
            statics: of `look`.
            motion: mouth [b, 28], pose [b, 6] and expression [b, 24] as the engine has them.
            drawn: the mesh's picture, [b, 3, 128, 128] in 0..1.
            flow: the mesh's displacement, [b, 2, 64, 64] in shares of the width.
            warp_rows: how features are warped.
        """
        latent = statics.identity + self.motion(*motion, statics.start)
        said: Correction = self.decoder(latent, statics, drawn, flow, warp_rows)
        return said


def bent(drawn: Tensor, said: Correction) -> Tensor:
    """The mesh's picture [b, 3, n, n], bent by the residual."""
    return warp(drawn, enlarged(said.residual, drawn.shape[-1]))


def repainted(base: Tensor, said: Correction) -> Tensor:
    """A bent picture [b, 3, n, n] in 0..1 + alpha x change.

    The change is coarser than the picture, whose own fine grain stays.
    """
    return base + enlarged(said.alpha * said.change, base.shape[-1])


def corrected(drawn: Tensor, said: Correction) -> Tensor:
    """The mesh's picture [b, 3, n, n] in 0..1, bent and repainted."""
    return repainted(bent(drawn, said), said)
