"""Dagster types and how values are kept."""
