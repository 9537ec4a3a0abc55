"""The contract with users: models of spec and status, names, reasons, CRDs. Imports nothing of ours."""
