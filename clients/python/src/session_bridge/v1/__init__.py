"""Generated from proto/session_bridge/v1."""
