"""Images built and pulled with a Docker-compatible command. Nothing here is imported unless it is used."""
