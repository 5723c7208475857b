"""Everything shipped into a job. Standard library only, Python 3.6 on; imports nothing of the tool."""
