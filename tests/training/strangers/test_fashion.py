"""Fashion-MNIST is the published one, or an error says why it is not to be had."""

from pathlib import Path

import numpy as np
import pytest
from keras.datasets import fashion_mnist

from training.dataset import DatasetError
from training.strangers import Strangers, fashion


@pytest.fixture(scope="module")
def clothes() -> Strangers:
    """The real one."""
    return fashion.load()


def test_real_set_is_found(clothes: Strangers) -> None:
    """Ten thousand pictures, a thousand of each kind; the loader has proved their digests."""
    kinds, counts = np.unique(clothes.kinds, return_counts=True)

    assert clothes.images.shape == (10000, 28, 28)
    assert clothes.images.dtype == np.uint8
    assert sorted(kinds) == sorted(fashion.KINDS)
    assert (counts == 1000).all()


def test_kinds_are_the_right_ones(clothes: Strangers) -> None:
    """Trousers have a gap between their legs, which shirts have not; boots are broad below."""
    mean = {
        kind: clothes.images[clothes.kinds == kind].mean(axis=0) for kind in fashion.KINDS.tolist()
    }

    assert mean["trousers"][22, 14] < 0.7 * mean["trousers"][22, 10]
    assert mean["shirt"][22, 14] > 0.9 * mean["shirt"][22, 10]
    assert mean["boot"][22].mean() > 1.2 * mean["boot"][8].mean()


def test_keras_stands_in_for_the_folder(
    clothes: Strangers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the folder is not there, Keras's download gives the same."""
    labels = np.searchsorted(np.sort(fashion.KINDS), clothes.kinds)
    labels = np.argsort(fashion.KINDS)[labels].astype(np.uint8)
    downloaded = (clothes.images[:1], labels[:1]), (clothes.images, labels)
    monkeypatch.setattr(fashion_mnist, "load_data", lambda: downloaded)
    found = fashion.load(tmp_path / "nowhere")

    np.testing.assert_array_equal(found.images, clothes.images)
    np.testing.assert_array_equal(found.kinds, clothes.kinds)


def test_neither_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the folder, the package to install and what Keras said."""

    def fail() -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(fashion_mnist, "load_data", fail)

    with pytest.raises(DatasetError, match=r"nowhere.*dataset-fashion-mnist.*no route to host"):
        fashion.load(tmp_path / "nowhere")


def test_other_pictures_are_refused(
    clothes: Strangers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has another digest is not Fashion-MNIST, whoever says so."""
    labels = np.zeros(10000, np.uint8)
    monkeypatch.setattr(fashion_mnist, "load_data", lambda: (None, (~clothes.images, labels)))

    with pytest.raises(DatasetError, match=r"t10k-images.*SHA-256"):
        fashion.load(tmp_path / "nowhere")


def test_folder_without_it_is_an_error(tmp_path: Path) -> None:
    """A folder that is there must hold the files."""
    with pytest.raises(DatasetError, match="t10k-images"):
        fashion.load(tmp_path)
