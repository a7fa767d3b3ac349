"""What is fitted before and after differs from the run's own recipe in a few numbers only."""

from dataclasses import replace

from training import lessons
from training.config import RECIPES, Finishing, Narrowing, Teaching

PRODUCTION = RECIPES["production"]


def test_the_teacher_has_none() -> None:
    """It learns what AlexNet will, in its own time and from labels."""
    lesson = lessons.of_teacher(PRODUCTION, Teaching(epochs=5, learning_rate=1e-2))

    assert (lesson.epochs, lesson.learning_rate, lesson.teaching) == (5, 1e-2, None)
    assert lesson.mixture == PRODUCTION.mixture
    assert lesson.augmentation == PRODUCTION.augmentation


def test_the_wide_network_learns_as_the_narrow_one_does() -> None:
    """Only shorter, and from other variants of the digits, which go by the name."""
    wide = lessons.of_wide(PRODUCTION, Narrowing(wide_epochs=3))

    assert wide.epochs == 3
    own = {"name": PRODUCTION.name, "epochs": PRODUCTION.epochs}
    assert replace(wide, **own) == PRODUCTION


def test_finishing_is_gentler_than_fitting() -> None:
    """Smaller steps, fewer digits damaged, the teacher's word sharp again, and all else stays."""
    how = Finishing(epochs=2, learning_rate=1e-4, damaged_share=0.1)
    finishing = lessons.of_finishing(PRODUCTION, how)

    assert PRODUCTION.augmentation is not None
    assert PRODUCTION.teaching is not None
    assert (finishing.epochs, finishing.learning_rate) == (2, 1e-4)
    assert finishing.augmentation == replace(PRODUCTION.augmentation, damaged_share=0.1)
    assert finishing.teaching == replace(PRODUCTION.teaching, temperature=1.0)
    assert finishing.mixture == PRODUCTION.mixture


def test_no_two_parts_of_a_run_share_a_folder_or_their_variants() -> None:
    """Both go by the lesson's name."""
    wide = lessons.of_wide(PRODUCTION, Narrowing())
    finishing = lessons.of_finishing(PRODUCTION, Finishing())
    teacher = lessons.of_teacher(PRODUCTION, Teaching())

    assert len({each.name for each in (teacher, wide, PRODUCTION, finishing)}) == 4


def test_what_a_recipe_leaves_out_is_left_out_of_its_lessons() -> None:
    """The tutorial moves no digit and has no teacher, and neither has what is made of it."""
    finishing = lessons.of_finishing(RECIPES["tutorial"], Finishing())

    assert finishing.augmentation is None
    assert finishing.teaching is None
    assert finishing.mixture is None
