"""Everything that talks to Kubernetes; the only importer of its client."""
