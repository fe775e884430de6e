"""Resources: legacy definitions and configurable classes."""
