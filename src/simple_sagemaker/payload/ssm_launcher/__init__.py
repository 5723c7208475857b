"""The launcher's parts. Standard library only, Python 3.6 on; each import here delays every job."""
