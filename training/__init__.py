"""The offline half: MNIST → augment → AlexNet → fit → evaluate → compress → SavedModel."""
