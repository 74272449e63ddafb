"""Hostile input for Pavior, made by the hour: `make fuzz`. See docs/fuzzing.md."""
