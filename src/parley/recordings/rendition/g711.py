"""G.711 to linear samples, a whole array at a time (ITU-T G.711; tables computed from the segment rule)."""

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 8000


def _mu_table() -> npt.NDArray[np.int16]:
    code = ~np.arange(256) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _a_table() -> npt.NDArray[np.int16]:
    code = np.arange(256) ^ 0x55
    segment = code >> 4 & 7
    mantissa = (code & 0x0F) << 4
    magnitude = np.where(segment == 0, mantissa + 8, mantissa + 0x108 << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


DECODERS = {"PCMU": _mu_table(), "PCMA": _a_table()}
"""Upper-case encoding name -> 256 linear 16-bit samples, one per code."""
