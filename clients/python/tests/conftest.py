"""Property tests run the same cases each time, print what repeats a failure, and have no deadline."""

from hypothesis import settings

settings.register_profile("session-bridge", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("session-bridge")
