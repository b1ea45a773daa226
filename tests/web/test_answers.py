from __future__ import annotations

import threading

from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from sdmx_hub.web.answers import Answers, Kept


@given(sizes=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=60))
def test_memory_is_never_more_than_allowed(sizes: list[tuple[int, int]]) -> None:
    answers = Answers(memory=100, largest=50)
    for name, size in sizes:
        answers.keep(str(name), Kept(b"x" * size, "n"))
        kept = [found for one in range(10) if (found := answers.find(str(one)))]
        assert sum(len(one.body) for one in kept) <= 100
        found = answers.find(str(name))
        assert size > 50 or (found is not None and len(found.body) == size)


def test_the_oldest_used_goes_first() -> None:
    answers = Answers(memory=30, largest=30)
    for name in "abc":
        answers.keep(name, Kept(b"x" * 10, name))
    answers.find("a")
    answers.keep("d", Kept(b"x" * 10, "d"))
    assert [name for name in "abcd" if answers.find(name)] == ["a", "c", "d"]


def test_threads_may_share_it() -> None:
    answers = Answers(memory=1000, largest=100)

    def work(number: int) -> None:
        for turn in range(200):
            answers.keep(f"{number}-{turn % 7}", Kept(b"x" * (turn % 50), "n"))
            answers.find(f"{(number + 1) % 4}-{turn % 7}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert 0 <= answers._size <= 1000


def test_an_answer_from_memory_is_the_same_answer(client: FlaskClient) -> None:
    path = "/sdmx/v2/data/dataflow/ILMH/DF_STOCK_POP/1.0.0?c[SEX]=M&format=csv"
    for encoding in ("identity", "gzip"):
        first, second = (client.get(path, headers={"Accept-Encoding": encoding}) for _ in range(2))
        assert first.data == second.data
        assert dict(first.headers) == dict(second.headers)
