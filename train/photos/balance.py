"""Which of the fit portraits are used: rare looks before common ones.

Official portraits show mostly smiling men with grey or little hair. People are put into groups by
what was measured, and drawn with a chance that falls with the size of their group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from train.photos.traits import Traits


def group_of(traits: Traits) -> tuple[int, ...]:
    """Style, hair, tone of the skin and smile, each in two or three steps."""
    tone = int(traits.tone > 10.0) + int(traits.tone > 40.0)
    return int(traits.styled > 0.0), int(traits.hair < 80.0), tone, int(traits.smile > 0.5)


def chosen(fit: Mapping[str, Traits], count: int, seed: int) -> list[str]:
    """Names of at most `count` people, the same for the same seed, sorted."""
    names = sorted(fit)
    groups = [group_of(fit[name]) for name in names]
    size = Counter(groups)
    chance = np.array([1.0 / size[group] for group in groups])
    rng = np.random.default_rng(seed)
    # Gumbel's maximum: the greatest of log(chance) + noise are a draw without replacement.
    order = np.argsort(-(np.log(chance) + rng.gumbel(size=len(names))))
    return sorted(names[place] for place in order[:count])
