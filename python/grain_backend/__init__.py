"""The child process of GRAIN's device `torch`: a tensor backend that a run process talks to over two pipes."""
