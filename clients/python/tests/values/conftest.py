"""numpy is an optional package: without it the ndarray rows of the vectors prove the error, and test_ndarray.py has nothing to import."""

import importlib.util

collect_ignore = [] if importlib.util.find_spec("numpy") else ["test_ndarray.py"]
