"""How texts are grouped before they are padded."""

from dashboard.encoders.base import batches


def test_every_row_is_in_one_batch_within_the_budget() -> None:
    lengths = [3, 50, 4, 48, 120, 5, 5, 47]
    found = list(batches(lengths, 100))
    assert sorted(row for batch in found for row in batch) == list(range(8))
    assert all(len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= 100 for batch in found)


def test_no_row_is_padded_to_more_than_twice_its_length() -> None:
    assert list(batches([100, 6, 5, 4, 3], 10_000)) == [[0], [1, 2, 3, 4]]
    assert list(batches([100, 60, 50, 49], 10_000)) == [[0, 1, 2], [3]]
    assert list(batches([], 10)) == []
