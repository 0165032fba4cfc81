"""Things around kernels."""
