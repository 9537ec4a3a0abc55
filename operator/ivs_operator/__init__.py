"""Kubernetes operator for Amazon IVS recording configurations and IVS Chat logging configurations."""

__version__ = "0.1.0"
