"""What brings the stack up: one package for each matter."""
