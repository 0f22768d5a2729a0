"""Rounds weight matrices to int8, one scale per output, and back."""

import numpy as np
import numpy.typing as npt

LARGEST_STEP = 127  # symmetric: -128 is not used
SMALLEST_WEIGHT = 1e-12
SCALE_SUFFIX = ".scale"  # after the weight's name, in a graph


def round_to_int8(matrix: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Return int8 [outputs, inputs] and the size of one step, float32 [outputs], of a matrix [outputs, inputs]."""
    scales = (np.maximum(np.abs(matrix).max(axis=1), SMALLEST_WEIGHT) / LARGEST_STEP).astype(np.float32)
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales


def widen(matrix: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the float32 matrix that the bytes stand for."""
    return matrix.astype(np.float32) * scales[:, None]
