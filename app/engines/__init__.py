"""What runs a model: each module loads a version folder and returns one callable.

Both answer alike: images uint8 [n, 28, 28], white ink on black → logits float32 [n, 10].
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Engine: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
