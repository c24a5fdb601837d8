"""Attacks on the sandbox, as data: one module for each family, each with its `ATTACKS`."""
