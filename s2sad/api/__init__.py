"""What users hold and call; each module is one entry of the public interface or one job behind it."""
