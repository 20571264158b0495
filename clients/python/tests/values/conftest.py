"""What is collected: numpy is optional, and without it the ndarray rows of the vectors prove the error instead."""

import importlib.util

collect_ignore = [] if importlib.util.find_spec("numpy") else ["test_ndarray.py"]
