"""Recipes: every number of a training run, with its reason beside it."""

from dataclasses import dataclass
from typing import Literal

from training.warping import Reach

Activation = Literal["relu", "maxout"]
Precision = Literal["float32", "bfloat16"]


PEOPLES = Reach(
    rotation_degrees=15.0,  # beyond this a 7 and a 1 begin to meet
    shear=0.25,  # people's slant
    scale=0.15,  # aspect and size vary apart from each other
    shift_pixels=2.0,  # centring by mass is off by about this on damaged digits
    elastic_pixels=1.2,  # Simard et al. 2003 found elastic fields worth the most on MNIST
)
"""How far apart one writer's digit may be from another's."""


@dataclass(frozen=True)
class Augmentation:
    """How a training digit is shown anew."""

    reach: Reach = PEOPLES
    bend: float = 1.5  # at most so much of the way to another of its class, or away from it
    stroke: float = 0.7  # share of a one-pixel dilation or erosion mixed in
    redrawn_share: float = 0.1  # re-inked as a pen on a canvas and framed as an upload is
    damaged_share: float = 0.25  # one of the kinds of training/damage.py each


@dataclass(frozen=True)
class Mixture:
    """What a batch holds beside MNIST's digits, as shares of it, and how much of it is made."""

    uploaded_share: float = 0.08  # photographs and scans, normalised as they are when served
    printed_share: float = 0.04  # small: there are 132 faces, and MNIST must not be lost
    written_share: float = 0.03  # small too: they are drawn from thirty ways of writing
    outlier_share: float = 0.1  # with half in the last epochs 1.4 times as many letters passed
    outlier_weight: float = 0.5  # of their loss: theirs, found on validation outliers
    uploads: int = 20_000  # minutes to make; each is shown a dozen times in a production run
    written: int = 6_000  # shown as often as uploads are, in their share
    outliers: int = 20_000  # beside the letters
    things: int = 6_000  # five views of each: unknown, one tool in eleven passed for a digit


@dataclass(frozen=True)
class Teaching:
    """How the teacher is fitted, and how much AlexNet listens to it."""

    epochs: int = 20  # a third of the time of a production run
    learning_rate: float = 2e-3  # normalised throughout, it bears twice AlexNet's
    share: float = 0.7  # of a digit's target; the rest is its label
    temperature: float = 2.0  # above 1, what else a digit looks like counts for more


@dataclass(frozen=True)
class Widths:
    """How many units AlexNet's layers have; the tutorial's, unless told otherwise.

    Attributes:
        filters: of the five convolutions.
        hidden_units: of each of the two hidden dense layers.
    """

    filters: tuple[int, ...] = (96, 256, 384, 384, 256)
    hidden_units: int = 4096


@dataclass(frozen=True)
class Narrowing:
    """How many units are kept, and when the others go.

    The two hidden dense layers hold 83 % of all weights and need few of them: a quarter of the
    units is a sixteenth of the second layer's. Three filters of five pay for the larger picture.
    """

    widths: Widths = Widths(filters=(64, 160, 224, 224, 160), hidden_units=1024)
    wide_epochs: int = 2  # with all units: enough to tell which matter


@dataclass(frozen=True)
class Finishing:
    """How the fitted network settles on what it will be shown when it is served."""

    epochs: int = 6  # 40 epochs without these came out alike on validation, moved digits aside
    learning_rate: float = 2e-4  # a fifth of the peak: settle, do not learn anew
    warmup_epochs: float = 0.1  # Adam's moments begin anew; the rate is small as it is
    damaged_share: float = 0.12  # half of fitting's: most of what is served is whole


@dataclass(frozen=True)
class Recipe:
    """One training run.

    Attributes:
        name: what `--recipe` calls it.
        epochs: passes over the training digits; narrowing and finishing add their own.
        batch_size: digits a step.
        learning_rate: Adam's peak step size.
        warmup_epochs: linear ramp to the peak; 0 keeps the rate constant, as tutorials do.
        doubted_share: of the digits after narrowing, those that are drawn by how much the network
            with all units doubts them; the others come once an epoch.
        augmentation: None shows every digit as it was written.
        mixture: None learns from MNIST's digits only.
        teaching: None learns from labels alone.
        narrowing: None keeps every unit.
        finishing: None exports the network as fitted.
        limit: use only so many training digits, and validate on as many; None for all.
        validation_share: stratified share of the 60,000 that is never trained on.
        seed: fixes the split, the initial weights and every augmentation.
        activation: what stands after each hidden layer.
        side: pixels a side to which the network enlarges what it is shown.
        precision: of what a step multiplies; float32 where the processor has nothing narrower.
        batch_norm_momentum: of the running statistics.
    """

    name: str
    epochs: int
    batch_size: int
    learning_rate: float
    warmup_epochs: float = 0.0
    doubted_share: float = 0.0
    augmentation: Augmentation | None = None
    mixture: Mixture | None = None
    teaching: Teaching | None = None
    narrowing: Narrowing | None = None
    finishing: Finishing | None = None
    limit: int | None = None
    validation_share: float = 0.1
    seed: int = 0
    activation: Activation = "relu"
    side: int = 28
    precision: Precision = "float32"
    # Keras's default of 0.99 wants about 500 steps to forget the initial statistics; after 100
    # steps the network scored 89 % while training and 12 % on test. 0.9 settles in 50.
    batch_norm_momentum: float = 0.9


RECIPES = {
    # What the tutorial does, number for number, but for the moments that do not settle.
    "tutorial": Recipe(
        name="tutorial", epochs=10, batch_size=128, learning_rate=1e-3, batch_norm_momentum=0.99
    ),
    # Many passes over ever new variants, the rate falling to nothing.
    "production": Recipe(
        name="production",
        epochs=40,
        batch_size=128,  # smaller steps learn more in few epochs; larger ones are hardly faster
        learning_rate=1e-3,  # after 3 epochs a tenth fewer moved digits misread than at 5e-4
        warmup_epochs=0.5,  # Adam's moments are noise in its first steps
        doubted_share=0.33,  # after 8 epochs an eighth fewer moved and damaged digits misread
        augmentation=Augmentation(),
        # The first convolution's step of four is then 2.8 pixels of the digit's. A larger picture
        # would leave the layers after it more than the one place that is left of 28.
        side=40,
        precision="bfloat16",  # with AMX a step takes half the time, with AVX-512 five sixths
        mixture=Mixture(),
        teaching=Teaching(),
        narrowing=Narrowing(),
        finishing=Finishing(),
    ),
    # Seconds: proves that every step of the run works, and nothing about accuracy.
    "smoke": Recipe(
        name="smoke",
        epochs=3,
        batch_size=32,
        learning_rate=5e-4,
        warmup_epochs=0.5,
        doubted_share=0.33,
        augmentation=Augmentation(redrawn_share=0.05, damaged_share=0.05),
        teaching=Teaching(epochs=1, share=0.1),  # a teacher that has learnt next to nothing itself
        narrowing=Narrowing(wide_epochs=1),
        finishing=Finishing(epochs=1),
        side=40,
        limit=640,
    ),
}
