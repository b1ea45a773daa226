from __future__ import annotations

import gzip
import io
import resource
import time
import zipfile
from pathlib import Path

import pytest

from sdmx_hub.errors import HubError, Malformed, NotFound, TooLarge
from sdmx_hub.formats.sniff import Kind
from sdmx_hub.load.guard import GuardLimits, hash_file, open_guarded

TEXT = b"DATAFLOW,FREQ,OBS_VALUE\nT:DF(1.0),A,1\n"


def saved(folder: Path, content: bytes, name: str = "file") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def zipped(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        gzip.compress(TEXT, mtime=0),
        zipped(("../../evil.csv", TEXT)),
        zipped(("__MACOSX/._a", b"x"), ("a.csv", TEXT)),
        TEXT.decode().encode("utf-16"),
    ],
)
def test_a_file_is_unpacked_and_its_hash_is_of_the_bytes_sent(tmp_path: Path, content: bytes) -> None:
    file = saved(tmp_path, content)
    with open_guarded(file) as guarded:
        assert guarded.path.read_bytes() == TEXT
        assert guarded.kind is Kind.CSV_V1
        assert (guarded.sha256, guarded.size) == (hash_file(file), len(content))
    assert sorted(tmp_path.iterdir()) == [file]


def test_a_gigabyte_packed_into_a_megabyte_is_refused_quickly_and_in_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "bomb.csv.gz"
    with gzip.open(file, "wb", compresslevel=9) as out:
        for _ in range(1024):
            out.write(bytes(1 << 20))
    assert file.stat().st_size < 1_100_000
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(TooLarge) as caught, open_guarded(file):
        pass
    assert caught.value.key == "guard-ratio"
    assert time.monotonic() - start < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_a_workbook_is_counted_by_what_it_really_unpacks_to(tmp_path: Path) -> None:
    file = saved(tmp_path, zipped(("[Content_Types].xml", b"x"), ("xl/sheet.xml", bytes(40_000_000))))
    with pytest.raises(TooLarge), open_guarded(file, is_message=False):
        pass


@pytest.mark.parametrize(
    ("content", "refusal", "said"),
    [
        (gzip.compress(TEXT, mtime=0)[:-12], Malformed, "damaged"),
        (zipped(("a.csv", TEXT))[:-30], Malformed, "damaged"),
        (zipped(("a.csv", TEXT), ("b.csv", TEXT)), Malformed, "2 files"),
        (zipped(), Malformed, "0 files"),
        (TEXT + "Sénégal\n".encode("latin-1"), Malformed, "byte E9 at offset 39, line 3"),
        (b"\xef\xbb\xbf" + TEXT + b"caf\xc3", Malformed, "byte C3 at offset 44, line 3"),
        (TEXT + b"a\x01b", Malformed, "control character 01 at offset 39, line 3"),
        (TEXT + b"a\x00b", Malformed, "control character 00"),
        (TEXT + "\uffff".encode(), Malformed, "control character EF"),
        (b"<?xml version='1.0' encoding='UTF-8'?>\n<a>\xff</a>", Malformed, "byte FF at offset 42, line 2"),
        (b"<?xml version='1.0'?>\n<a>\x0b</a>", Malformed, "line 2"),
        (b'{"data": "\xe9"}', Malformed, "byte E9"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(
    tmp_path: Path, content: bytes, refusal: type[HubError], said: str
) -> None:
    with pytest.raises(refusal) as caught, open_guarded(saved(tmp_path, content)):
        pass
    assert said in caught.value.text("en")
    assert len({caught.value.text(language) for language in ("en", "fr", "es")}) == 3


def test_xml_in_another_declared_encoding_passes(tmp_path: Path) -> None:
    with open_guarded(saved(tmp_path, "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".encode("latin-1"))):
        pass


def test_a_wrong_byte_far_behind_keeps_its_place(tmp_path: Path) -> None:
    content = TEXT * 100_000 + b"x\xff"
    with pytest.raises(Malformed) as caught, open_guarded(saved(tmp_path, content)):
        pass
    assert caught.value.params["offset"] == len(content) - 1
    assert caught.value.params["line"] == 200_001


def test_a_letter_across_two_blocks_is_whole(tmp_path: Path) -> None:
    with open_guarded(saved(tmp_path, b"DATAFLOW," + b"a" * ((1 << 20) - 10) + "é".encode() * 10)):
        pass


def test_a_missing_and_a_too_large_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound), open_guarded(tmp_path / "none"):
        pass
    with pytest.raises(TooLarge), open_guarded(saved(tmp_path, TEXT), GuardLimits(sent=10)):
        pass
    with pytest.raises(TooLarge), open_guarded(saved(tmp_path, gzip.compress(TEXT, mtime=0)), GuardLimits(unpacked=10)):
        pass


def test_a_table_may_be_in_any_encoding(tmp_path: Path) -> None:
    with open_guarded(saved(tmp_path, "Pays;Année\n".encode("cp1252")), is_message=False) as guarded:
        assert guarded.kind is Kind.CSV
