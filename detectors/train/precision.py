"""Half precision where the processor computes it faster than single precision, single precision elsewhere."""

import torch


def fast() -> bool:
    """Whether this processor multiplies bfloat16 matrices in hardware; what torch does not tell counts as no."""
    told = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(told and told())


def half() -> torch.autocast:
    """bfloat16 with sums in single precision (Kalamkar et al. 2019), as generators themselves run; or nothing."""
    return torch.autocast("cpu", torch.bfloat16, enabled=fast())
