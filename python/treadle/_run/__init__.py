"""Running: steps, contexts, results, the instance, logs."""
