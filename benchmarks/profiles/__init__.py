"""Where the time of a call goes: flame graphs of the server and of the Python client, and what a call's time depends on."""
