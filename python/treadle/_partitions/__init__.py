"""Partitions: definitions, keys, mappings, configuration by partition. The arithmetic is the core's."""
