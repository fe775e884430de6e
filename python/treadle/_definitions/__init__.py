"""A code location: Definitions and how modules become one."""
