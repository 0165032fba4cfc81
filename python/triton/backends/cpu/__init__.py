"""Kernels on this machine's processor."""
