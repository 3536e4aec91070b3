"""Secrets and certificates: what is missing is generated, what is there is validated, and nothing is overwritten."""
