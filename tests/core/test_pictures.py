import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from mlkit.core.errors import InputError
from mlkit.core.operations import ELSEWHERE
from mlkit.core.pictures import OPERATIONS, apply, opened, plain, written
from mlkit.core.rows import apply as rows_apply

RGB = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


def saved(image, form, **how):
    buffer = io.BytesIO()
    image.save(buffer, form, **how)
    return buffer.getvalue()


def sample(mode="RGB", size=(12, 8)):
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(levels).convert(mode)


@pytest.mark.parametrize("form", ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"])
def test_every_format_is_opened(form):
    assert opened(saved(sample(), form)).size == (12, 8)


def test_exif_turns_an_image_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    image = sample()
    turned = opened(saved(image, "PNG", exif=exif))
    assert turned.size == (8, 12)
    assert np.array_equal(np.asarray(turned), np.rot90(np.asarray(image), -1))


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"no image", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        *(b"%!PS-Adobe-3.0 EPSF-3.0\n", saved(sample(), "PNG")[:-60]),
        saved(sample(size=(200, 200)), "JPEG")[:900],
        b"BM" + b"\xff" * 60,
    ],
    ids=["empty", "text", "svg", "postscript", "torn png", "torn jpeg", "junk"],
)
def test_what_is_no_image_is_one_clear_error_and_missing_in_a_table(data):
    with pytest.raises(InputError, match="cannot be read"):
        opened(data)
    assert apply({"op": "mode", "mode": "L"}, [data]).tolist() == [None]


def test_a_bomb_is_refused_before_it_is_unpacked():
    small = bytearray(saved(Image.new("1", (8, 8)), "BMP"))
    for side in (60_000, 12_000):
        small[18:26] = side.to_bytes(4, "little") * 2
        with pytest.raises(InputError) as caught:
            opened(bytes(small))
        assert "pixels" in caught.value.got


def test_depth_and_clearness_become_plain_levels():
    deep = np.array([[0, 65535], [32768, 257]], dtype=np.uint16)
    assert np.asarray(plain(Image.fromarray(deep), "L")).tolist() == [
        [0, 255],
        [128, 1],
    ]
    share = np.array([[0.0, 1.0]], dtype=np.float32)
    assert np.asarray(plain(Image.fromarray(share), "L")).tolist() == [[0, 255]]
    clear = Image.new("RGBA", (1, 1), (255, 0, 0, 128))
    assert plain(clear, "RGB").getpixel((0, 0)) == (255, 127, 127)
    palette = sample().convert("P")
    palette.info["transparency"] = 0
    assert plain(palette, "RGB").mode == "RGB"
    assert plain(sample("CMYK"), "L").mode == "L" == plain(sample("1"), "L").mode


@given(RGB)
def test_writing_and_reading_lose_no_pixel_and_give_the_same_bits(levels):
    image = Image.fromarray(levels)
    data = written(image)
    assert np.array_equal(np.asarray(opened(data)), levels)
    assert written(opened(data)) == data


def test_nothing_but_pixels_is_written():
    image = sample()
    image.info["comment"] = "secret place"
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    kept = apply({"op": "mode", "mode": "RGB"}, [saved(image, "PNG", exif=exif)])[0]
    assert b"secret" not in kept and dict(opened(kept).getexif()) == {}


def test_resize_keeps_the_aspect_and_pads_unless_told():
    wide = written(Image.new("L", (40, 10), 200))
    padded = opened(apply({"op": "resize", "side": 8, "pad": 7}, [wide])[0])
    levels = np.asarray(padded)
    assert padded.size == (8, 8) and levels[0, 0] == 7 and levels[4, 4] == 200
    full = opened(apply({"op": "resize", "side": 8, "keep": False}, [wide])[0])
    assert np.asarray(full).min() == 200


def test_a_median_takes_a_speck_out_and_a_gaussian_spreads_it():
    levels = np.zeros((9, 9), dtype=np.uint8)
    levels[4, 4] = 255
    cell = [written(Image.fromarray(levels))]
    median = opened(apply({"op": "smooth", "radius": 1, "by": "median"}, cell)[0])
    assert np.asarray(median).max() == 0
    soft = np.asarray(opened(apply({"op": "smooth", "radius": 1}, cell)[0]))
    assert 0 < soft[4, 5] < soft[4, 4] < 255


@pytest.mark.parametrize("op", sorted(OPERATIONS))
@given(data=st.data())
def test_an_operation_looks_at_one_cell_only_and_twice_gives_the_same(op, data):
    how = {"resize": {"side": 5}, "smooth": {"radius": 1}, "mode": {"mode": "L"}}[op]
    cells = [written(Image.fromarray(data.draw(RGB))) for _ in range(2)]
    together = apply({"op": op, **how}, [cells[0], None, cells[1]])
    alone = [apply({"op": op, **how}, [cell])[0] for cell in cells]
    assert together.tolist() == [alone[0], None, alone[1]]


def test_operations_are_played_through_the_rows_of_a_request():
    assert {n for n, m in ELSEWHERE.items() if m.endswith("pictures")} == set(
        OPERATIONS
    )
    operations = [
        {"op": "mode", "column": "photo", "mode": "L"},
        {"op": "resize", "column": "photo", "side": 4},
    ]
    made = rows_apply(operations, {"photo": [written(sample()), None, b"torn"]})
    assert opened(made["photo"][0]).size == (4, 4)
    assert made["photo"].tolist()[1:] == [None, None]
    with pytest.raises(InputError, match="did you mean 'resize'"):
        apply({"op": "resise"}, [])
