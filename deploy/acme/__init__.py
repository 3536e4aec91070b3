"""Certificates by ACME (RFC 8555): got and renewed here, then judged by prepare, which hands them to nginx."""
