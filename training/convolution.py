"""Convolutions of small maps whose weights learn by one matrix product.

oneDNN takes half of a step of AlexNet, where it has AMX, for the weights of the three convolutions
on its smallest maps: it goes through a map row by row, and these have short rows. Laid out as the
columns of a matrix (Chellapilla et al. 2006, "High Performance Convolutional Neural Networks for
Document Processing"), the maps of a whole batch are multiplied at once.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import layers


@keras.saving.register_keras_serializable(package="alexnet")
class Convolution(layers.Conv2D):  # type: ignore[misc] # Keras publishes no types
    """Keras's layer, with another way to the same numbers where a map is small.

    Only in bfloat16: XLA, which compiles float32, fuses its own, and exported networks hold
    convolutions that other runtimes know.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:  # noqa: ANN401 # tensors
        """Convolve [n, rows, columns, channels]; the layer adds its bias afterwards."""
        # At 4×4, by 3×3, a step of AlexNet still takes 0.104 instead of 0.109 s.
        is_small = inputs.shape[1] <= self.kernel_size[0] + 1
        if is_small and self.strides == (1, 1) and self.compute_dtype == "bfloat16":
            return convolve(inputs, tf.cast(kernel, inputs.dtype))
        return super().convolution_op(inputs, kernel)


@tf.custom_gradient  # type: ignore[untyped-decorator] # TensorFlow publishes no types
def convolve(maps: tf.Tensor, kernel: tf.Tensor) -> Any:  # noqa: ANN401 # a tensor and a function
    """Convolve with a step of one and zeros around.

    Args:
        maps: [n, rows, columns, channels].
        kernel: [size, size, channels, filters], of an odd size.

    Returns:
        [n, rows, columns, filters].
    """
    size, _, _, filters = kernel.shape
    columns = _lay_out(maps, size)
    product = columns @ tf.reshape(kernel, (-1, filters))

    def propagate(gradient: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        to_maps = tf.nn.conv2d_transpose(gradient, kernel, tf.shape(maps), 1, "SAME")
        of_filters = tf.reshape(gradient, (-1, filters))
        to_kernel = tf.matmul(columns, of_filters, transpose_a=True)
        return to_maps, tf.reshape(to_kernel, kernel.shape)

    return tf.reshape(product, (-1, *maps.shape[1:3], filters)), propagate


def _lay_out(maps: tf.Tensor, size: int) -> tf.Tensor:
    """What each output sees: [n·rows·columns, size²·channels]."""
    _, rows, columns, channels = maps.shape
    margin = size // 2
    wide = tf.pad(maps, [[0, 0], [margin, margin], [margin, margin], [0, 0]])
    seen = [wide[:, y : y + rows, x : x + columns] for y in range(size) for x in range(size)]
    return tf.reshape(tf.concat(seen, axis=-1), (-1, size * size * channels))
