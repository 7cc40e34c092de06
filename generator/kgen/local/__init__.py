"""The whole loop of an Experiment on one machine: suggest, substitute, run, collect, choose."""
