"""Runs as tasks of a Ray cluster: what `grain run --ray` starts beside itself."""
