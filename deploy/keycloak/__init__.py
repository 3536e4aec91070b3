"""Keycloak: its start, the realm that the product owns in it, and its users."""
