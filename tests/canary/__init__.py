"""Where the API key may be found: on the wire to the service, and nowhere else."""
