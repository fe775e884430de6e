"""Assets as they are declared: keys, specs, decorators, selections, asset jobs."""
