"""What batch normalisation takes for the mean and the variance of all pictures.

While a network is fitted they follow its last ten or twenty batches, as they must while the weights
move, and bear the noise of so few. Estimated anew when the weights stand still they are those of
the pictures: Wu and Johnson 2021, "Rethinking 'Batch' in BatchNorm", section 3.
"""

from dataclasses import replace
from itertools import islice

import keras

from training.augment import batches
from training.config import Recipe
from training.dataset import Digits
from training.extras import Extras

BATCHES = 150
"""Of 50 to 400 each number was as good as another, and all better than what fitting left."""


def estimate_norms(
    model: keras.Model, recipe: Recipe, digits: Digits, extras: Extras | None
) -> None:
    """Set the statistics of every batch normalisation to their mean over many batches, in place.

    Args:
        model: whose weights are final.
        recipe: the one it was fitted by last; the batches are what its next epochs would have seen.
        digits: it was fitted on.
        extras: go with the recipe's mixture.
    """
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    longer = replace(recipe, epochs=recipe.epochs + BATCHES)
    unseen = batches(digits, extras, longer, first_epoch=recipe.epochs)
    for count, batch in enumerate(islice(unseen, BATCHES), start=1):
        for norm in norms:
            norm.momentum = 1 - 1 / count  # a mean of all so far
        model(batch.images, training=True)
    for norm in norms:
        norm.momentum = recipe.batch_norm_momentum
