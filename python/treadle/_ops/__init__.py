"""Ops, graphs, op jobs and hooks: declaring, composing, running."""
