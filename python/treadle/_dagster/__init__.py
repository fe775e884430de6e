"""The names `dagster` and `dagster_wandb` in a process where Treadle answers for them."""
