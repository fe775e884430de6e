"""IO managers and the contexts they are called with."""
