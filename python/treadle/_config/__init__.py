"""Config: schemas, typed config classes, run config."""
