"""Small maps are convolved by one matrix product, to the numbers of any other convolution."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from training.convolution import Convolution, convolve


@pytest.mark.parametrize("size", [1, 3, 5])
def test_result_and_gradients_are_those_of_tensorflow(size: int) -> None:
    """Of maps that are no squares, with fewer and more filters than channels."""
    rng = np.random.default_rng(0)
    for channels, filters in ((2, 5), (4, 3)):
        maps = tf.constant(rng.standard_normal((3, 4, 3, channels)), tf.float32)
        kernel = tf.constant(rng.standard_normal((size, size, channels, filters)), tf.float32)
        weights = tf.constant(rng.standard_normal((3, 4, 3, filters)), tf.float32)
        results = []
        for convolution in (convolve, lambda x, k: tf.nn.conv2d(x, k, 1, "SAME")):
            with tf.GradientTape() as tape:
                tape.watch([maps, kernel])
                result = convolution(maps, kernel)
                total = tf.reduce_sum(result * weights)
            results.append([result, *tape.gradient(total, [maps, kernel])])
        for ours, theirs in zip(*results, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize(
    ("dtype", "side", "strides", "is_product"),
    [
        ("mixed_bfloat16", 3, 1, True),
        ("mixed_bfloat16", 4, 1, True),
        ("mixed_bfloat16", 7, 1, False),  # nothing is gained there
        ("mixed_bfloat16", 3, 2, False),
        ("float32", 3, 1, False),  # what is exported
    ],
)
def test_only_small_maps_in_bfloat16_are_laid_out(
    dtype: str, side: int, strides: int, *, is_product: bool
) -> None:
    """The layer tells the two apart by itself, and agrees with Keras's either way."""
    layer = Convolution(6, 3, strides=strides, padding="same", dtype=dtype)
    plain = keras.layers.Conv2D(6, 3, strides=strides, padding="same", dtype=dtype)
    maps = np.random.default_rng(0).standard_normal((2, side, side, 4)).astype(np.float32)
    expected = plain(maps)
    layer.build(maps.shape)
    layer.set_weights(plain.get_weights())

    graph = tf.function(layer).get_concrete_function(tf.constant(maps)).graph

    assert ("Conv2D" not in _operations(graph)) is is_product
    np.testing.assert_allclose(
        tf.cast(layer(maps), tf.float32), tf.cast(expected, tf.float32), rtol=0.02, atol=0.02
    )


def _operations(graph: tf.Graph) -> set[str]:
    """The types of a graph's operations."""
    return {operation.type for operation in graph.get_operations()}
