"""Sounds as numbers: log-mel spectrograms, their statistics, and a fingerprint.

Bands lie at the same frequencies whatever the rate, so that sounds of different rates
compare; those above half the rate are empty.
"""

from __future__ import annotations

from functools import lru_cache
from math import log10

import numpy as np
from numpy.typing import NDArray

from mlkit.core.sounds import Samples, heard, trimmed

__all__ = ["coarse", "describe_sound", "hash_sound", "log_mel", "mel_bank"]

BANDS = 40
LOWEST, HIGHEST = 50.0, 8000.0
WINDOW, STEP = 0.032, 0.010
FLOOR = 80.0
KEPT = 13
SLOTS = 8
LONGEST = 30.0
COARSE = 20
DEEPEST = 60.0
HASHED = 9

Numbers = NDArray[np.float32]


def log_mel(samples: NDArray[np.float32], rate: int, bands: int = BANDS) -> Numbers:
    """Return the mel spectrogram of a sound in dB below its loudest point.

    Parameters
    ----------
    samples
        One channel, shape (samples,).
    rate
        Samples a second.
    bands
        How many bands from 50 to 8,000 Hz.

    Returns
    -------
    float32 array, shape (bands, frames), from -80 to 0
        A frame every 10 ms.

    Notes
    -----
    Windows of 32 ms (Hann), triangular bands evenly spaced on O'Shaughnessy's mel
    scale, as in Davis & Mermelstein, "Comparison of parametric representations for
    monosyllabic word recognition", IEEE Trans. ASSP 28, 1980.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000).astype(np.float32)
    >>> loud = log_mel(tone, 8000)
    >>> loud.shape, int(loud.mean(axis=1).argmax())
    ((40, 97), 13)
    """
    from scipy.signal import get_window

    size, step = max(int(WINDOW * rate), 16), max(int(STEP * rate), 8)
    padded = np.pad(samples, (0, max(size - len(samples), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::step]
    window = get_window("hann", size).astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    energy = power @ mel_bank(rate, size, bands).T
    levels = 10 * np.log10(np.maximum(energy, 1e-12))
    return np.asarray(np.maximum(levels - levels.max(), -FLOOR).T, dtype=np.float32)


@lru_cache(maxsize=32)
def mel_bank(rate: int, size: int, bands: int) -> NDArray[np.float64]:
    """Return triangular mel filters, shape (bands, size // 2 + 1).

    Parameters
    ----------
    rate
        Samples a second.
    size
        Samples a window.
    bands
        How many filters.
    """
    low, high = (2595 * log10(1 + end / 700) for end in (LOWEST, HIGHEST))
    places = 700 * (10 ** (np.linspace(low, high, bands + 2) / 2595) - 1)
    lines = np.fft.rfftfreq(size, 1 / rate)
    lower, middle, upper = places[:-2, None], places[1:-1, None], places[2:, None]
    rising = (lines - lower) / (middle - lower)
    falling = (upper - lines) / (upper - middle)
    bank: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling))
    narrow = np.flatnonzero(~bank.any(axis=1) & (places[1:-1] < rate / 2))
    nearest = np.abs(lines - middle[narrow]).argmin(axis=1)
    bank[narrow, nearest] = 1.0  # a band between two lines takes the nearest one
    return bank


def describe_sound(data: bytes) -> Numbers:
    """Return the features of one sound, shape (289,), of order one.

    Parameters
    ----------
    data
        A sound file; its first 30 seconds are used, silence at the ends left out.

    Notes
    -----
    Thirteen cepstral coefficients (Davis & Mermelstein, 1980) averaged over eight
    stretches of time and their changes, the mean and spread of 40 mel bands, and the
    logarithm of the length: loudness has no part.

    Examples
    --------
    >>> from mlkit.core.sounds import written
    >>> tone = np.sin(np.arange(4000) / 3).astype(np.float32)[:, None]
    >>> describe_sound(written(tone, 8000)).shape
    (289,)
    """
    from scipy.fft import dct

    samples, rate = _one_channel(data)
    loud = log_mel(samples, rate)
    cepstra = dct(loud, axis=0, norm="ortho")[:KEPT]
    over_time = _slots(cepstra, SLOTS)
    changes = np.diff(over_time, axis=1)
    parts = [over_time.ravel() / 40, changes.ravel() / 20]
    parts += [loud.mean(axis=1) / 40 + 1, loud.std(axis=1) / 20]
    parts += [cepstra.std(axis=1) / 20, np.log10([len(samples) / rate + 1e-3])]
    return np.concatenate(parts).astype(np.float32)


def coarse(data: bytes) -> Numbers:
    """Return a sound as 20 bands × 20 stretches of time, in 0 to 1, shape (400,).

    Silence at its ends is cut off to 5 ms, so that copies that begin at other times
    agree.
    """
    samples, rate = heard(data, LONGEST)
    sound = _inner(samples.mean(axis=1), rate)
    levels = np.maximum(log_mel(sound, rate, COARSE), -DEEPEST)
    return (_slots(levels, COARSE) / DEEPEST + 1).ravel()


def _inner(samples: Numbers, rate: int) -> Numbers:
    """Cut off what lies 30 dB below the loudest 5 ms at both ends."""
    wide = max(int(rate / 200), 1)
    power = np.convolve(samples.astype(np.float64) ** 2, np.ones(wide) / wide, "same")
    loud = np.flatnonzero(power >= power.max() * 1e-3)
    return samples[loud[0] : loud[-1] + 1]


def hash_sound(data: bytes) -> int:
    """Return a spectral fingerprint of a sound, 64 bits.

    A bit says whether the difference of two neighbouring bands grows from one of nine
    stretches of time to the next; sounds that are alike differ in few bits, however
    loud they are and at whatever rate they are kept.

    Parameters
    ----------
    data
        A sound file; its first 30 seconds are used.

    Notes
    -----
    The bits of Haitsma & Kalker, "A highly robust audio fingerprinting system", ISMIR
    2002, over the whole sound instead of every 12 ms.
    """
    samples, rate = heard(data, LONGEST)
    loud = log_mel(_inner(samples.mean(axis=1), rate), rate, HASHED)
    levels = _slots(loud, HASHED)
    growing = np.diff(np.diff(levels, axis=0), axis=1) > 0
    return int.from_bytes(np.packbits(growing.ravel()).tobytes(), "big")


def _one_channel(data: bytes) -> tuple[Samples, int]:
    samples, rate = heard(data, LONGEST)
    return np.asarray(trimmed(samples, rate).mean(axis=1), dtype=np.float32), rate


def _slots(levels: Numbers, count: int) -> Numbers:
    """Average the frames over `count` equal stretches of time, shape (.., count)."""
    ends = np.linspace(0, levels.shape[1], count + 1)
    total = np.pad(np.cumsum(levels, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    at = np.stack([np.interp(ends, np.arange(len(row)), row) for row in total])
    return np.asarray(np.diff(at, axis=1) / np.diff(ends), dtype=np.float32)
