"""The same work on session-bridge and on what people would pick instead, in turns within one run."""
