"""A file that is written by libraries and taken away piece by piece, so that none of it is kept."""

from __future__ import annotations

from collections.abc import Iterator


class Pieces:
    """What has been written since it was last taken. It can be written only, not sought in."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._position = 0

    def write(self, data: bytes | memoryview) -> int:
        """Keep a piece until it is taken."""
        piece = bytes(data)
        self._pieces.append(piece)
        self._position += len(piece)
        return len(piece)

    def flush(self) -> None:
        """Do nothing: a piece is there once it is written."""

    def take(self) -> Iterator[bytes]:
        """Take what is there."""
        pieces, self._pieces = self._pieces, []
        yield from pieces


class Told(Pieces):
    """The same for a library that asks where in the file it is."""

    def tell(self) -> int:
        """Tell how much has been written."""
        return self._position

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def readable(self) -> bool:
        """Tell that it cannot be read."""
        return False

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def seekable(self) -> bool:
        """Tell that it cannot be sought in."""
        return False
