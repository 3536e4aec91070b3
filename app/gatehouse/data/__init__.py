"""The way to Postgres: connections, the app's pool, and migrations."""
