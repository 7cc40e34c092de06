"""Frozen types that every room shares. Imports nothing of kgen and touches nothing."""
