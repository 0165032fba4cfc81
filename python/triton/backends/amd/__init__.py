"""AMD GPUs: what arguments of kernels are specialized to. Compiling for them is not part of this package."""
