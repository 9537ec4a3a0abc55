"""What the chart's generated files are made of: its values, the operator's settings, the CRDs, the RBAC rules."""
