"""One runnable module a question; ``python -m benchmarks`` asks them all."""
