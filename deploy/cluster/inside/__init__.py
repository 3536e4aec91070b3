"""What the rollout runs on the cluster itself, in the image of the jobs."""
