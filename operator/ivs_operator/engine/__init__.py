"""The imperative shell: queue, reconciler, executor, status writer, sweep. Knows nothing of IVS."""
