"""Roll the stack out to a cluster: Docker Swarm, the engine's own."""
