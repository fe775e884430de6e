"""Pipes: programs in processes of their own that report what they make, over Dagster's protocol."""
