"""The gate's own pages: what a visitor sees before, instead of and after the app."""
