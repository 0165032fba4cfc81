"""Gluon's descriptions of layouts."""

from ._layouts import *  # noqa: F403
from ._layouts import __all__  # noqa: F401
