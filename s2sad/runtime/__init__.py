"""What generated code needs at run time: functions emitted into it as source, and an IEEE `math` for testing it."""
