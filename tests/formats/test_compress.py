import gzip
import subprocess
import sys

import pytest
import zstandard

from sdmx_hub.formats.compress import choose_encoding, compress


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "gzip"),
        ("GZIP;q=0.5, zstd", "zstd"),
        ("zstd", "zstd"),
        ("br", None),
        ("*", "gzip"),
        ("*;q=0.5, gzip;q=0", "zstd"),
        ("gzip;q=0", None),
        ("gzip;q=0.2, identity;q=0.9", None),
        ("gzip;q=much", None),
    ],
)
def test_accept_encoding_chooses(header, expected):
    assert choose_encoding(header) == expected


def test_pieces_pass_as_they_are_without_a_coding():
    assert list(compress([b"a", memoryview(b"b")], None)) == [b"a", b"b"]


CHUNKS = [b"head", memoryview(b"x" * 300_000), b"", "é".encode() * 50_000]


def test_gzip_can_be_read_back_and_is_the_same_every_time():
    first = b"".join(compress(CHUNKS, "gzip"))
    assert gzip.decompress(first) == b"".join(CHUNKS)
    assert first == b"".join(compress(CHUNKS, "gzip"))


def test_zstd_can_be_read_back():
    packed = b"".join(compress(CHUNKS, "zstd"))
    assert zstandard.ZstdDecompressor().decompressobj().decompress(packed) == b"".join(CHUNKS)


def test_without_isal_gzip_is_made_by_zlib():
    program = (
        "import sys; sys.modules['isal'] = None\n"
        "import gzip\n"
        "from sdmx_hub.formats import compress\n"
        "assert compress.isal_zlib is None\n"
        "assert gzip.decompress(b''.join(compress.compress([b'abc', b'def'], 'gzip'))) == b'abcdef'\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
