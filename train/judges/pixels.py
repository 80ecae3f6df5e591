"""How far are pixels from the true ones? Both figures reward blur: see `features` besides."""

from __future__ import annotations

from typing import Final

from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from engine.types import Picture

MOST: Final = 60.0
"""Decibels that equal pictures are given."""


def psnr(made: Picture, wanted: Picture) -> float:
    """Peak signal-to-noise ratio in decibels."""
    if (made == wanted).all():
        return MOST
    return float(peak_signal_noise_ratio(wanted, made, data_range=255))  # type: ignore[no-untyped-call]


def ssim(made: Picture, wanted: Picture) -> float:
    """Structural similarity (Wang et al., 2004), 1 = the same."""
    found = structural_similarity(  # type: ignore[no-untyped-call]
        wanted, made, channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False,
    )  # fmt: skip
    return float(found)
