"""Processes with uncountably many mixed states."""
