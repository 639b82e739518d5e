"""Sounds as bytes: hear one, and the operations that clean one.

The same bytes give the same bits on every request: an operation looks at one sound
and nothing else, and writes WAV with 16 bits a sample; what was deeper is rounded to
that. What cannot be read is missing.

=============  ==============  ===================================================
op             takes           does
=============  ==============  ===================================================
resample       rate            makes it `rate` samples a second, by a polyphase
                               filter
mono                           takes the mean of its channels
normalise      peak or rms     makes it so loud, in dB below full scale, such as -1;
                               an `rms` is not reached where samples would clip
trim_silence   below, margin   cuts what lies `below` dB under its peak off both
                               ends, but for a `margin` in seconds
=============  ==============  ===================================================
"""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.values import Array

__all__ = [
    "OPERATIONS",
    "Samples",
    "apply",
    "check",
    "heard",
    "measured",
    "trimmed",
    "written",
]

Samples = NDArray[np.float32]
FULL = 32768.0
FRAME = 0.02
BLOCK = 1 << 20
QUIETEST = 1e-8
HEADROOM = 0.999


def heard(data: bytes, seconds: float = 0.0) -> tuple[Samples, int]:
    """Return the samples of a sound and their rate.

    Parameters
    ----------
    data
        A file as libsndfile reads it: WAV, FLAC, OGG, MP3.
    seconds
        Read no more than these from its beginning; 0 for all.

    Returns
    -------
    float32 array, shape (samples, channels), in -1 to 1; int, samples a second

    Raises
    ------
    InputError
        Where it is no sound, is torn, or holds no sample.

    Examples
    --------
    >>> samples, rate = heard(written(np.zeros((80, 1), np.float32), 8000))
    >>> samples.shape, rate
    ((80, 1), 8000)
    """
    with _opened(data) as file:
        most = int(seconds * file.samplerate) if seconds else -1
        samples = file.read(most, dtype="float32", always_2d=True)
        rate = int(file.samplerate)
    return np.nan_to_num(np.asarray(samples, dtype=np.float32)), rate


def check(data: bytes) -> tuple[int, int, int]:
    """Read a sound through, a stretch at a time.

    Parameters
    ----------
    data
        A file as libsndfile reads it.

    Returns
    -------
    int, int, int
        How many samples a channel, how many channels, how many samples a second.

    Raises
    ------
    InputError
        Where it is no sound, is torn, or holds no sample.

    Examples
    --------
    >>> check(written(np.zeros((80, 2), np.float32), 8000))
    (80, 2, 8000)
    """
    with _opened(data) as file:
        length = sum(len(part) for part in file.blocks(BLOCK, dtype="int16"))
        return length, int(file.channels), int(file.samplerate)


def measured(data: bytes) -> tuple[int, int, int]:
    """Return what `check` does as a sound's head tells it; nothing is unpacked.

    Parameters
    ----------
    data
        A file as libsndfile reads it.

    Raises
    ------
    InputError
        Where it is no sound, or holds no sample.

    Examples
    --------
    >>> measured(written(np.zeros((80, 2), np.float32), 8000))
    (80, 2, 8000)
    """
    with _opened(data) as file:
        return int(file.frames), int(file.channels), int(file.samplerate)


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    """Open a sound; whatever goes wrong with it is an InputError."""
    import soundfile

    torn = _torn(data)
    if torn:
        raise InputError("this sound cannot be read", got=torn)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if not file.frames or file.samplerate <= 0:
                raise InputError("this sound cannot be read", got="it holds no sample")
            yield file
    except (soundfile.SoundFileError, RuntimeError, OSError, ValueError) as error:
        told = getattr(error, "error_string", "") or str(error)
        raise InputError("this sound cannot be read", got=told[:80]) from None


def _torn(data: bytes) -> str:
    """Say that a file is empty, or a WAV cut short, which libsndfile would pass."""
    if not data:
        return "an empty file"
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return ""
    size = int.from_bytes(data[4:8], "little")
    streamed = size in (0, 0xFFFFFFFF)  # written by what did not know its end
    return "it is cut short" if not streamed and size + 7 > len(data) else ""


def written(samples: Samples, rate: int) -> bytes:
    """Return a WAV file, 16 bits a sample; what is louder than full scale is cut.

    Parameters
    ----------
    samples
        In -1 to 1, shape (samples, channels).
    rate
        Samples a second.
    """
    deep = np.clip(np.rint(samples.astype(np.float64) * FULL), -FULL, FULL - 1)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(deep.astype("<i2").tobytes())
    return buffer.getvalue()


def apply(operation: Mapping[str, Any], cells: Sequence[bytes | None] | Array) -> Array:
    """Play one operation on sounds.

    Parameters
    ----------
    operation
        A JSON dict ``{"op", ...}``, see the top of this module.
    cells
        The bytes of each sound; None where it is missing.

    Returns
    -------
    array of objects
        WAV files as bytes; None where a cell was missing or cannot be read.

    Raises
    ------
    InputError
        For an unknown operation.

    Examples
    --------
    >>> second = written(np.zeros((8000, 2), np.float32), 8000)
    >>> (made,) = apply({"op": "resample", "rate": 16000}, [second])
    >>> heard(made)[0].shape
    (16000, 2)
    """
    play = OPERATIONS.get(operation["op"])
    if play is None:
        raise InputError(
            f"unknown operation on sounds {operation['op']!r}",
            todo=did_you_mean(operation["op"], OPERATIONS),
        )
    made = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):
        made[place] = _played(play, operation, cell)
    return made


Play = Callable[[Samples, int, Mapping[str, Any]], tuple[Samples, int]]


def _played(play: Play, how: Mapping[str, Any], cell: bytes | None) -> bytes | None:
    if not isinstance(cell, bytes):
        return None
    try:
        samples, rate = heard(cell)
    except InputError:
        return None
    return written(*play(samples, rate, how))


def _resample(
    samples: Samples, rate: int, how: Mapping[str, Any]
) -> tuple[Samples, int]:
    from scipy.signal import resample_poly

    wanted = int(how["rate"])
    if wanted == rate:
        return samples, rate
    common = gcd(wanted, rate)
    made = resample_poly(
        samples.astype(np.float64), wanted // common, rate // common, axis=0
    )
    return np.asarray(made, dtype=np.float32), wanted


def _mono(samples: Samples, rate: int, _: Mapping[str, Any]) -> tuple[Samples, int]:
    return samples.mean(axis=1, keepdims=True, dtype=np.float64).astype("f4"), rate


def _normalise(
    samples: Samples, rate: int, how: Mapping[str, Any]
) -> tuple[Samples, int]:
    plain = samples.astype(np.float64)
    peak = float(np.abs(plain).max())
    if peak < QUIETEST:
        return samples, rate
    if "rms" in how:
        level = float(np.sqrt(np.mean(plain**2)))
        gain = min(10 ** (float(how["rms"]) / 20) / level, HEADROOM / peak)
    else:
        gain = 10 ** (float(how.get("peak", -1)) / 20) / peak
    return (plain * gain).astype(np.float32), rate


def trimmed(
    samples: Samples, rate: int, below: float = 40.0, margin: float = 0.02
) -> Samples:
    """Return a sound without the silence at its ends.

    Parameters
    ----------
    samples
        Shape (samples, channels).
    rate
        Samples a second.
    below
        A frame of 20 ms is silent where its level lies so many dB under the loudest.
    margin
        Seconds that are left on both sides.

    Examples
    --------
    >>> tone = np.sin(np.arange(800) / 3).astype(np.float32)
    >>> padded = np.pad(tone, 4000)[:, None]
    >>> 800 <= len(trimmed(padded, 8000)) < 1600
    True
    """
    size = max(int(FRAME * rate), 1)
    count = -(-len(samples) // size)
    power = np.zeros(count * size)
    power[: len(samples)] = (samples.astype(np.float64) ** 2).mean(axis=1)
    levels = power.reshape(count, size).mean(axis=1)
    loud = np.flatnonzero(levels > max(levels.max() * 10 ** (-below / 10), QUIETEST**2))
    if not len(loud):
        return samples
    room = int(margin * rate)
    start, end = loud[0] * size - room, (loud[-1] + 1) * size + room
    return samples[max(start, 0) : end]


def _trim(samples: Samples, rate: int, how: Mapping[str, Any]) -> tuple[Samples, int]:
    below, margin = float(how.get("below", 40)), float(how.get("margin", 0.02))
    return trimmed(samples, rate, below, margin), rate


OPERATIONS: Mapping[str, Play] = {
    "resample": _resample,
    "mono": _mono,
    "normalise": _normalise,
    "trim_silence": _trim,
}
