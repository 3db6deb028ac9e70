"""Quality and speed, with committed results: ``python -m benchmarks NAME``."""
