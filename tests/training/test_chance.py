"""What two purposes draw has nothing in common."""

from training.chance import generator


def test_a_purpose_is_told_from_every_other() -> None:
    """By the seed, a name, a number and their order; the same purpose draws the same."""
    purposes = [(0, "a", 1), (1, "a", 1), (0, "b", 1), (0, "a", 2), (0, 1, "a"), (0, "a")]
    drawn = [generator(*purpose).integers(0, 1 << 40) for purpose in purposes]

    assert len(set(drawn)) == len(purposes)
    assert [generator(*purpose).integers(0, 1 << 40) for purpose in purposes] == drawn
