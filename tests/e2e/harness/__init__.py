"""The end-to-end test on a cluster: its stages, and what they need; `tests/e2e/run.py` is the command."""
