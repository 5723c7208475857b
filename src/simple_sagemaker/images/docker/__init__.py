"""Images by a Docker command: any that has Docker's words. Nothing here is imported unless it is used."""
