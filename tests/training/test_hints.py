"""AlexNet tells the teacher's maps while it learns, and is the same network afterwards."""

import numpy as np
import pytest
import tensorflow as tf

from training import alexnet
from training.config import RECIPES
from training.hints import CLASSES, FAR, NEAR, Hinter, add_regressors, drop_regressors
from training.teacher import build
from training.warping import Pictures

RECIPE = RECIPES["smoke"]


def test_maps_are_of_one_scale(pictures: Pictures) -> None:
    """Each channel has a mean of nothing and a deviation of one, unless it never speaks."""
    hinter = Hinter(build(RECIPE), pictures[..., None])

    said, maps = hinter.judge(tf.constant(pictures[..., None]))
    near, far = maps[NEAR].numpy(), maps[FAR].numpy()

    assert said.shape == (len(pictures), 10)
    assert near.shape == (len(pictures), 7, 7, 128)
    np.testing.assert_allclose(near.mean(axis=(0, 1, 2)), 0, atol=1e-3)
    assert np.median(near.std(axis=(0, 1, 2))) == pytest.approx(1, abs=0.05)
    assert far.shape == (len(pictures), 3, 3, 128)
    np.testing.assert_allclose(far[:, 0, 0], near[:, :3, :3].mean(axis=(1, 2)), atol=1e-4)


def test_regressors_come_and_go(pictures: Pictures) -> None:
    """What the network says of a digit is the same without them, with them and after them."""
    model = alexnet.build(RECIPE, 16)
    before = model.predict_on_batch(pictures[..., None])
    hinted = add_regressors(model)
    said = hinted.predict_on_batch(pictures[..., None])

    assert said[NEAR].shape[1:] == (7, 7, 128)
    assert said[FAR].shape[1:] == (3, 3, 128)
    np.testing.assert_allclose(said[CLASSES], before, rtol=1e-5)
    assert drop_regressors(model) is model
    bare = drop_regressors(hinted)
    assert [layer.name for layer in bare.layers] == [layer.name for layer in model.layers]
    np.testing.assert_allclose(bare.predict_on_batch(pictures[..., None]), before, rtol=1e-5)
