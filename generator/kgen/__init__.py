"""kgen: Katib Experiments from compact specs and per-environment overlays."""

__version__ = "0.1.0"
