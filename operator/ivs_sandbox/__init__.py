"""A local Kubernetes control plane, and the story that the demo tells on it."""
