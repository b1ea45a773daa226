"""Archives and folders that are no backups, or are no longer, or mean harm: each is refused, and nothing remains."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile

import orjson
import pytest
import zstandard

from sdmx_hub.errors import HubError, Malformed
from sdmx_hub.language import LANGUAGES
from sdmx_hub.store.backup import sources
from sdmx_hub.store.backup.manifest import MANIFEST, MARK, read_manifest, write_manifest, write_mark
from sdmx_hub.store.backup.sources import open_source
from tests.store.backed_up import back_up, make_hub, restore


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A backup of a hub as an archive, as its members."""
    home = tmp_path_factory.mktemp("hub")
    hub = make_hub(home)
    back_up(hub, home / "office.tar")
    hub.close()
    return (home / "office.tar").read_bytes()


@pytest.fixture
def members(plain):
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def packed(members, *more):
    """An archive of these members; ``more`` are headers of others, each with its content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in members.items():
            if name == MANIFEST:
                for member, inside in more:
                    member.size = len(inside)
                    tar.addfile(member, io.BytesIO(inside))
            head = tarfile.TarInfo(name)
            head.size = len(content)
            tar.addfile(head, io.BytesIO(content))
    return stream.getvalue()


def member(name, kind=tarfile.REGTYPE, link=""):
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, link
    return found


def refused(tmp_path, content, name="office.tar"):
    """Restore from these bytes; gives the refusal, after making sure that nothing remains."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(HubError) as refusal:
        restore(path, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == [name]
    said = {refusal.value.text(language) for language in LANGUAGES}
    assert len(said) == len(LANGUAGES)
    return refusal.value.key


ZEROS = "0" * 64
HARMFUL = {
    "traversal": (member("../../etc/cron.d/x"), b"x"),
    "absolute": (member("/etc/passwd"), b"x"),
    "traversal within": (member(f"segments/../{ZEROS}.duckdb"), b"x"),
    "another name": (member("segments/x.duckdb"), b"x"),
    "settings": (member("hub.toml"), b"x"),
    "link": (member(f"segments/{ZEROS}.duckdb", tarfile.SYMTYPE, "/etc/passwd"), b""),
    "hard link": (member(f"segments/{ZEROS}.duckdb", tarfile.LNKTYPE, MARK), b""),
    "folder": (member("segments", tarfile.DIRTYPE), b""),
    "device": (member(f"log/{ZEROS}.parquet", tarfile.CHRTYPE), b""),
    "pipe": (member(f"log/{ZEROS}.parquet", tarfile.FIFOTYPE), b""),
    "long name": (member(f"segments/{'x' * 300}"), b"x"),
    "header of headers": (member(f"segments/{ZEROS}.duckdb", tarfile.XHDTYPE), b"11 path=/x\n"),
}


@pytest.mark.parametrize("which", HARMFUL)
def test_what_no_backup_has_is_refused(members, tmp_path, which):
    assert refused(tmp_path, packed(members, HARMFUL[which])) == "backup-unsafe"


def test_a_member_twice_or_not_of_its_name_or_unknown_is_refused(members, tmp_path):
    name = next(name for name in members if name.startswith("segments/"))
    assert refused(tmp_path, packed(members, (member(name), members[name]))) == "backup-unsafe"
    assert refused(tmp_path, packed(members, (member(f"home/{ZEROS}"), b"x"))) == "backup-damaged"
    known = "home/2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    assert refused(tmp_path, packed(members, (member(known), b"x"))) == "backup-damaged"
    del members[name]
    assert refused(tmp_path, packed(members)) == "backup-damaged"


@pytest.mark.parametrize("share", [0.02, 0.97])
@pytest.mark.parametrize("is_packed", [False, True])
def test_an_archive_that_was_cut_is_refused(plain, tmp_path, *, share, is_packed):
    whole = zstandard.compress(plain) if is_packed else plain.rstrip(b"\0")
    cut = whole[: int(len(whole) * share)]
    assert refused(tmp_path, cut) in {"backup-cut", "backup-damaged", "backup-foreign"}


def test_an_archive_with_one_byte_otherwise_is_refused(plain, tmp_path):
    for place in range(2000, len(plain.rstrip(b"\0")), len(plain) // 8):
        changed = bytearray(plain)
        changed[place] ^= 0x55
        path = tmp_path / "office.tar"
        path.write_bytes(changed)
        try:
            found = open_source(path).faults(lambda _: None)
        except Malformed:
            continue
        assert found == open_source_of(plain, tmp_path)  # the padding between members means nothing


def open_source_of(content, tmp_path):
    path = tmp_path / "whole.tar"
    path.write_bytes(content)
    return open_source(path).faults(lambda _: None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"\0" * 20_000,
        zstandard.compress(b"hello"),
        packed({"a": b"x"}),
        packed({MARK: b"not json"}),
        packed({MARK: b"[]"}),
        packed({MARK: orjson.dumps({"kind": "another"})}),
    ],
)
def test_what_is_no_backup_is_called_so(tmp_path, content):
    assert refused(tmp_path, content) in {"backup-foreign", "backup-damaged"}


def test_a_zip_is_no_backup(tmp_path):
    with zipfile.ZipFile(tmp_path / "office.zip", "w") as archive:
        archive.writestr(MARK, write_mark())
    assert refused(tmp_path, (tmp_path / "office.zip").read_bytes(), "office.zip") == "backup-foreign"


def test_bombs_are_refused_before_they_fill_the_disk(members, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_ALWAYS", 1_000_000)
    bomb = packed({MARK: members[MARK], f"segments/{ZEROS}.duckdb": b"\0" * 20_000_000})
    assert refused(tmp_path, zstandard.compress(bomb), "office.tar.zst") == "backup-bomb"
    (tmp_path / "office.tar.zst").unlink()
    monkeypatch.setattr(sources, "_RESERVE", 1 << 60)
    assert refused(tmp_path, packed(members)) == "backup-no-room"


def resealed(members, **changes):
    """The archive with another manifest, its seal right."""
    told = vars(read_manifest(members[MANIFEST], "")) | changes
    return {**members, MANIFEST: write_manifest(type(read_manifest(members[MANIFEST], ""))(**told))}


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/etc/x",
        "a/../../x",
        "a//b",
        "",
        ".",
        "a\\b",
        "a\0b",
        "x" * 300,
        "control.db",
        "raw/x",
        "observations/x",
        ".restoring/x",
        ".lock",
    ],
)
def test_a_manifest_names_no_place_outside_of_the_home(members, tmp_path, path):
    name = next(name for name in members if name.startswith("home/"))
    assert refused(tmp_path, packed(resealed(members, home={path: name, "hub.toml": name}))) == "backup-damaged"


def test_a_manifest_that_was_changed_or_is_of_a_later_program_is_refused(members, tmp_path):
    changed = {**members, MANIFEST: members[MANIFEST].replace(b'"TEST"', b'"EVIL"')}
    assert refused(tmp_path, packed(changed)) == "backup-damaged"
    later = {**members, MARK: orjson.dumps({"kind": "sdmx-hub-backup", "format": 2})}
    assert refused(tmp_path, packed(later)) == "backup-newer"
    assert refused(tmp_path, packed(resealed(members, revision="9999"))) == "backup-newer"
    assert refused(tmp_path, packed(resealed(members, home={}))) == "backup-damaged"
    assert refused(tmp_path, packed(resealed(members, audit_head=ZEROS))) == "backup-damaged"
    counts = read_manifest(members[MANIFEST], "").tables
    assert refused(tmp_path, packed(resealed(members, tables={**counts, "audit": 1}))) == "backup-damaged"


LINES = {
    "no JSON": b"hello\n",
    "no table": b"[1, 2]\n",
    "an unknown table": b'{"table": "sqlite_master", "columns": ["name"]}\n["x"]\n',
    "other columns": b'{"table": "counter", "columns": ["name"]}\n["x"]\n',
    "a row too short": b'{"table": "counter", "columns": ["name", "value"]}\n["x"]\n',
    "a row of rows": b'{"table": "counter", "columns": ["name", "value"]}\n["x", [1]]\n',
    "a key twice": b'{"table": "counter", "columns": ["name", "value"]}\n["x", 1]\n["x", 1]\n',
    "nothing": b"",
    "no end": b'{"table": "counter", "columns": ["name", "value"]}',
}


@pytest.mark.parametrize("which", LINES)
def test_control_tables_that_no_hub_wrote_are_refused(members, tmp_path, which):
    assert refused(tmp_path, packed(with_control(members, zstandard.compress(LINES[which])))) == "backup-damaged"


def test_control_tables_that_are_a_bomb_are_refused(members, tmp_path, monkeypatch):
    monkeypatch.setattr("sdmx_hub.store.backup.control._MOST_UNCHECKED", 1_000_000)
    bomb = zstandard.compress(b"[" + b" " * 20_000_000)
    assert refused(tmp_path, packed(with_control(members, bomb))) == "backup-bomb"


def with_control(members, content):
    sha256 = hashlib.sha256(content).hexdigest()
    manifest = read_manifest(members[MANIFEST], "")
    entry = type(manifest.control)(name=f"control/{sha256}.jsonl.zst", sha256=sha256, bytes=len(content))
    kept = {name: one for name, one in members.items() if not name.startswith("control/")}
    made = resealed(kept, control=entry)
    return {MARK: made.pop(MARK), entry.name: content, **made}


def test_a_folder_whose_files_are_links_or_damaged_is_refused(tmp_path):
    hub = make_hub(tmp_path / "hub")
    folder = tmp_path / "x" / "office"
    back_up(hub, folder)
    hub.close()
    (segment, *_) = sorted((folder / "segments").iterdir())
    content = segment.read_bytes()
    segment.write_bytes(b"x" + content[1:])
    assert len(open_source(folder).faults(lambda _: None)[1]) == 1
    with pytest.raises(Malformed):
        restore(folder, tmp_path / "new")
    segment.unlink()
    (tmp_path / "elsewhere").write_bytes(content)
    segment.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Malformed):
        restore(folder, tmp_path / "new")
    assert not (tmp_path / "new").exists()
