"""What a run fits before its main part and after it: recipes made of the run's own.

Each has a name of its own, and with it its own variants of the digits: what the teacher says of
pictures that it learnt from would be its memory and no judgement.
"""

from dataclasses import replace

from training.config import Finishing, Narrowing, Recipe, Teaching


def of_teacher(recipe: Recipe, how: Teaching) -> Recipe:
    """The teacher's, on all that AlexNet will see."""
    return replace(
        recipe, name="teacher", epochs=how.epochs, learning_rate=how.learning_rate, teaching=None
    )


def of_wide(recipe: Recipe, how: Narrowing) -> Recipe:
    """The epochs before units are removed."""
    return replace(recipe, name=f"{recipe.name}-wide", epochs=how.wide_epochs)


def of_finishing(recipe: Recipe, how: Finishing) -> Recipe:
    """The last epochs: small steps, on digits that are mostly whole."""
    return replace(
        recipe,
        name=f"{recipe.name}-finishing",
        epochs=how.epochs,
        learning_rate=how.learning_rate,
        warmup_epochs=how.warmup_epochs,
        augmentation=recipe.augmentation
        and replace(recipe.augmentation, damaged_share=how.damaged_share),
        # Sharp again, so that the confidence at the end is that of the digits.
        teaching=recipe.teaching and replace(recipe.teaching, temperature=1.0),
    )
