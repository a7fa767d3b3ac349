"""The service: upload bytes → decode → 28×28 digit → micro-batch → engine → prediction as JSON."""
