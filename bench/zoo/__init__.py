"""The zoo: kernels in the manner of real programs, at real sizes; run.py says how they are measured and compared."""
