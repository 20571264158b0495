"""How late changes reach their watchers, what watchers cost, and whether one that is stuck slows a writer."""
