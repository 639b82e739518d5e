import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mlkit.core.errors import InputError
from mlkit.core.operations import ELSEWHERE
from mlkit.core.sounds import OPERATIONS, apply, check, heard, trimmed, written

RATE = 8000
DEEP = arrays(np.int16, st.tuples(st.integers(1, 400), st.integers(1, 2)))


def tone(seconds=0.5, pitch=440, rate=RATE, loud=0.5):
    t = np.arange(int(seconds * rate)) / rate
    return (loud * np.sin(2 * np.pi * pitch * t)).astype(np.float32)[:, None]


def saved(samples, form, rate=RATE):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=form)
    return buffer.getvalue()


def level(data):
    return 20 * np.log10(np.sqrt(np.mean(heard(data)[0].astype(float) ** 2)))


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
def test_every_format_is_heard(form):
    samples, rate = heard(saved(tone(), form))
    assert rate == RATE and len(samples) == pytest.approx(4000, abs=1200)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.05)


@given(DEEP)
def test_sixteen_bits_are_read_and_written_without_loss(deep):
    data = written(deep.astype(np.float32) / 32768, RATE)
    assert np.array_equal(np.rint(heard(data)[0] * 32768), deep)
    assert written(*heard(data)) == data
    assert check(data) == (*deep.shape, RATE)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"no sound at all", saved(tone(), "WAV")[:500]),
        *(saved(tone(), "FLAC")[:60], written(np.zeros((0, 1), np.float32), RATE)),
    ],
    ids=["empty", "text", "torn wav", "torn flac", "no sample"],
)
def test_what_is_no_sound_is_one_clear_error_and_missing_in_a_table(data):
    for read in (heard, check):
        with pytest.raises(InputError, match="cannot be read"):
            read(data)
    assert apply({"op": "mono"}, [data]).tolist() == [None]


def test_only_the_beginning_is_heard_where_that_is_enough():
    assert len(heard(written(tone(1.0), RATE), seconds=0.25)[0]) == 2000


def test_what_is_louder_than_full_scale_is_cut_and_not_wrapped():
    loud = heard(written(np.array([[2.0], [-2.0]], np.float32), RATE))[0]
    assert loud[0, 0] > 0.999 and loud[1, 0] == -1


def test_resampling_keeps_the_pitch_and_the_length():
    made = apply({"op": "resample", "rate": 11025}, [written(tone(1.0), RATE)])[0]
    samples, rate = heard(made)
    assert rate == 11025 and len(samples) == 11025
    strongest = np.abs(np.fft.rfft(samples[:, 0])).argmax()
    assert strongest == pytest.approx(440, abs=2)
    same = written(tone(), RATE)
    assert apply({"op": "resample", "rate": RATE}, [same])[0] == same


def test_mono_is_the_mean_of_the_channels():
    both = np.stack([np.full(50, 0.5), np.zeros(50)], axis=1).astype(np.float32)
    samples, _ = heard(apply({"op": "mono"}, [written(both, RATE)])[0])
    assert samples.shape == (50, 1) and np.allclose(samples, 0.25)


def test_normalise_reaches_a_peak_or_a_level_and_never_clips():
    cell = [written(tone(loud=0.1), RATE)]
    peak = heard(apply({"op": "normalise", "peak": -6}, cell)[0])[0]
    assert 20 * np.log10(np.abs(peak).max()) == pytest.approx(-6, abs=0.05)
    assert level(apply({"op": "normalise", "rms": -20}, cell)[0]) == pytest.approx(
        -20, abs=0.05
    )
    most = heard(apply({"op": "normalise", "rms": 0}, cell)[0])[0]
    assert 0.99 < np.abs(most).max() < 1
    silence = written(np.zeros((80, 1), np.float32), RATE)
    assert apply({"op": "normalise", "rms": -20}, [silence])[0] == silence


def test_silence_is_cut_off_both_ends_but_for_a_margin():
    padded = np.pad(tone(0.5), ((4000, 6000), (0, 0)))
    made = heard(apply({"op": "trim_silence"}, [written(padded, RATE)])[0])[0]
    assert 4000 <= len(made) <= 4000 + 4 * 160
    silence = np.zeros((800, 1), np.float32)
    assert len(trimmed(silence, RATE)) == 800


@pytest.mark.parametrize("op", sorted(OPERATIONS))
@given(data=st.data())
def test_an_operation_looks_at_one_cell_only_and_twice_gives_the_same(op, data):
    how = {"resample": {"rate": 6000}, "normalise": {"rms": -20}}.get(op, {})
    cells = [
        written(data.draw(DEEP).astype(np.float32) / 32768, RATE) for _ in range(2)
    ]
    together = apply({"op": op, **how}, [cells[0], None, cells[1]])
    alone = [apply({"op": op, **how}, [cell])[0] for cell in cells]
    assert together.tolist() == [alone[0], None, alone[1]]
    assert all(isinstance(cell, bytes) for cell in alone)


def test_every_operation_has_its_place():
    assert {n for n, m in ELSEWHERE.items() if m.endswith("sounds")} == set(OPERATIONS)
    with pytest.raises(InputError, match="did you mean 'resample'"):
        apply({"op": "resampel"}, [])
