"""What could not be measured, and why."""


class GapError(Exception):
    """This cannot be measured here; the message says why, and becomes the row of the table."""
