from __future__ import annotations

from sdmx_hub.web.tries import MOST_ADDRESSES, MOST_WRONG, WINDOW_SECONDS, Tries


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_the_door_shuts_after_some_wrong_keys_and_opens_again() -> None:
    clock = Clock()
    tries = Tries(clock)
    for _ in range(MOST_WRONG - 1):
        tries.count_wrong("127.0.0.1")
    assert tries.seconds_shut("127.0.0.1") == 0
    tries.count_wrong("127.0.0.1")
    assert 0 < tries.seconds_shut("127.0.0.1") <= WINDOW_SECONDS + 1
    assert tries.seconds_shut("127.0.0.2") == 0
    clock.seconds += WINDOW_SECONDS + 1
    assert tries.seconds_shut("127.0.0.1") == 0


def test_slow_mistakes_are_forgotten() -> None:
    clock = Clock()
    tries = Tries(clock)
    for _ in range(MOST_WRONG * 3):
        tries.count_wrong("127.0.0.1")
        clock.seconds += WINDOW_SECONDS / 4
    assert tries.seconds_shut("127.0.0.1") == 0


def test_memory_stays_bounded() -> None:
    tries = Tries(Clock())
    for number in range(MOST_ADDRESSES + 50):
        tries.count_wrong(str(number))
    assert len(tries._wrong) == MOST_ADDRESSES
