"""Whether this process can serve a user: the route that says so, and the command that asks it."""
